import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import type { ElfImage, ElfSymbol } from '../../elf/model.ts';
import type { Wish } from './unplaced.ts';

/**
 * Functions that a plugin takes from its host, with the declarations that it was compiled with. Those that a library
 * with symbol versions provides (libc, libstdc++) are not the host's. Compilers describe a function that is only
 * called where they describe the calls, mostly with optimisation; others stay without a type.
 */
export class Imports implements Wish {
  readonly names = new Map<string, ElfSymbol>();
  readonly found = new Map<ElfSymbol, Die>();

  constructor(image: ElfImage) {
    for (const symbol of image.undefined) {
      const callable = symbol.type === 'func' || symbol.type === 'notype';
      if (callable && symbol.version === undefined) this.names.set(symbol.name, symbol);
    }
  }

  readonly take = (die: Die, name: string): void => {
    const symbol = this.names.get(name);
    if (symbol !== undefined && !this.found.has(symbol) && die.has(AT.declaration)) this.found.set(symbol, die);
  };
}
