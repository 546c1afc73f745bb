import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { ElfImage, ElfSymbol } from '../../elf/model.ts';
import { unplacedFunctions } from './unplaced.ts';

/**
 * Functions that a plugin takes from its host, with the declarations that it was compiled with. Those that a library
 * with symbol versions provides (libc, libstdc++) are not the host's. Compilers describe a function that is only
 * called where they describe the calls, mostly with optimisation; others stay without a type.
 */
export function attachImports(files: readonly DwarfFile[], image: ElfImage): ReadonlyMap<ElfSymbol, Die> {
  const wanted = new Map<string, ElfSymbol>();
  for (const symbol of image.undefined) {
    const callable = symbol.type === 'func' || symbol.type === 'notype';
    if (callable && symbol.version === undefined) wanted.set(symbol.name, symbol);
  }
  const found = new Map<ElfSymbol, Die>();
  for (const file of files) {
    for (const { die, name } of unplacedFunctions(file, wanted)) {
      const symbol = wanted.get(name);
      if (symbol !== undefined && !found.has(symbol) && die.has(AT.declaration)) found.set(symbol, die);
    }
  }
  return found;
}
