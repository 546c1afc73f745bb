import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import { isCompilerMade } from '../compiler-made.ts';
import { chainOf, flagOf, linkageNameOf, nameOf } from './attributes.ts';
import { copies } from './folded.ts';
import { variableAddress } from './symbols.ts';
import type { Wish } from './unplaced.ts';

const isWanted = withTags(TAG.variable, TAG.lexical_block);

/** Blocks in blocks as deep as sources nest them. */
const MAX_DEPTH = 32;
/** Functions with code that are looked at, where all else left something open. */
const MOST_FUNCTIONS = 100_000;
/** Variables of one function that are looked for. */
const MOST_LOCALS = 256;
const MAX_NAME = 16_384;

/** Itanium C++ ABI section 5.1.6: Z <encoding of the function> E <name> [_ <discriminator>], and ABI tags. */
const LOCAL_NAME = /^_Z(Z.+)E(\d+)([A-Za-z_]\w*)$/;

interface LocalStatic {
  readonly symbol: ElfSymbol;
  readonly name: string;
  /** Whether several blocks of the function have one of this name. */
  readonly several: boolean;
}

/**
 * Variables that inline functions and instances of templates keep (`static T only;` in a function): consumers have copies
 * of those functions, so that the linker exports the variables. Their entries lie in those of the functions.
 */
export class LocalStatics implements Wish {
  /** By the linkage name of the function. */
  readonly names = new Map<string, LocalStatic[]>();
  readonly #found = new Map<ElfSymbol, Die>();
  #wanted = 0;

  constructor(symbols: readonly ElfSymbol[]) {
    for (const symbol of symbols) {
      if (symbol.type !== 'object' && symbol.type !== 'tls') continue;
      const named = symbol.name.startsWith('_ZZ') ? splitLocal(symbol) : undefined;
      if (named === undefined || isCompilerMade(symbol.name, 'variable')) continue;
      const same = this.names.get(named.owner);
      if (same === undefined) {
        const only = [named.local];
        // Of a constructor, the entry with code can be that of any of its copies.
        for (const spelt of copies(named.owner)) if (!this.names.has(spelt)) this.names.set(spelt, only);
      } else if (same.length < MOST_LOCALS) same.push(named.local);
      else continue;
      this.#wanted += 1;
    }
  }

  /** Looks into a function of that name. */
  readonly take = (die: Die, name: string): void => {
    const open = (this.names.get(name) ?? []).filter(({ symbol }) => !this.#found.has(symbol));
    if (open.length === 0) return;
    // gcc leaves the variables of constructors, and of what it puts into callers, in the entry that copies stem from.
    for (const entry of chainOf(die)) if (!entry.flag(AT.declaration)) this.#lookInto(entry, open, 0);
  };

  /** Looks into the functions that have code: the exported ones, and where that does not suffice the others. */
  finish(files: readonly DwarfFile[], dies: ReadonlyMap<ElfSymbol, Die>): ReadonlyMap<ElfSymbol, Die> {
    if (this.names.size === 0) return this.#found;
    for (const [symbol, die] of dies) if (this.names.has(symbol.name)) this.take(die, symbol.name);
    let looked = 0;
    for (const file of files) {
      const { placed } = file.index();
      for (let at = 0; at < placed.count && looked < MOST_FUNCTIONS && this.#found.size < this.#wanted; at += 1) {
        if (placed.code[at] !== 1) continue;
        looked += 1;
        const unit = file.units[placed.unit[at] ?? -1];
        const die = unit === undefined ? undefined : file.entryAt(unit, placed.offset[at] ?? 0);
        const name = die === undefined ? undefined : linkageNameOf(chainOf(die));
        if (die !== undefined && name !== undefined) this.take(die, name);
      }
    }
    return this.#found;
  }

  #lookInto(parent: Die, open: readonly LocalStatic[], depth: number): void {
    for (const die of parent.file.childrenWith(parent, isWanted)) {
      if (die.tag === TAG.lexical_block) {
        if (depth < MAX_DEPTH) this.#lookInto(die, open, depth + 1);
        continue;
      }
      const chain = chainOf(die);
      const place = chain.flatMap(variableAddress)[0];
      const local =
        place === undefined
          ? open.find((one) => !one.several && nameOf(chain) === one.name && !flagOf(chain, AT.declaration))
          : open.find(({ symbol }) => symbol.value === place);
      if (local !== undefined && !this.#found.has(local.symbol)) this.#found.set(local.symbol, die);
    }
  }
}

function splitLocal(symbol: ElfSymbol): { readonly owner: string; readonly local: LocalStatic } | undefined {
  // Without other signs a name is cut at its first try; with them, at none of many.
  if (symbol.name.length > MAX_NAME || !/^\w+$/.test(symbol.name)) return undefined;
  const [, encoding = '', length = '', rest = ''] = LOCAL_NAME.exec(symbol.name) ?? [];
  const size = Number(length);
  if (encoding === '' || rest.length < size) return undefined;
  const behind = rest.slice(size);
  if (!/^(?:B\d+\w+)?(?:_{1,2}\d+_?)?$/.test(behind)) return undefined;
  return {
    owner: `_Z${encoding.slice(1)}`,
    local: { symbol, name: rest.slice(0, size), several: behind.includes('_') },
  };
}
