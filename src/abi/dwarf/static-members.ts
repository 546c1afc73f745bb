import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import { shownSymbol } from '../demangle/demangle.ts';
import { linkageNameOf } from './attributes.ts';
import { definitionsOfFamilies } from './definitions.ts';
import { join, scopeOf } from './scope.ts';

const isMember = withTags(TAG.member, TAG.variable);

/** Classes that are looked into; a library has a few with constants. */
const MOST_CLASSES = 100_000;

/**
 * Constants of classes: since their value is known, compilers describe them in the class only, without their place.
 * @param symbols exported data that no entry with an address describes
 */
export function attachStaticMembers(
  files: readonly DwarfFile[],
  symbols: readonly ElfSymbol[],
): ReadonlyMap<ElfSymbol, Die> {
  const found = new Map<ElfSymbol, Die>();
  const left = new Map<string, ElfSymbol>();
  const shown = new Map<string, ElfSymbol>();
  const classes = new Set<string>();
  for (const symbol of symbols) {
    if (!isData(symbol) || !symbol.name.startsWith('_ZN')) continue;
    const name = shownSymbol(symbol.name);
    const family = classOf(name);
    if (family === undefined) continue;
    left.set(symbol.name, symbol);
    shown.set(name, symbol);
    classes.add(family);
  }
  if (left.size === 0) return found;
  let looked = 0;
  for (const die of definitionsOfFamilies(files, classes)) {
    looked += 1;
    if (left.size === 0 || looked > MOST_CLASSES) break;
    for (const child of die.file.childrenWith(die, isMember)) {
      const name = linkageNameOf([child]);
      const symbol = name === undefined ? shown.get(nameOf(child)) : left.get(name);
      if (symbol === undefined || !left.delete(symbol.name)) continue;
      found.set(symbol, child);
    }
  }
  return found;
}

/** Up to DWARF 4 it is a member like any other, without the linkage name that its definition has (section 5.6.6). */
function nameOf(child: Die): string {
  return child.has(AT.declaration) ? join(scopeOf(child), child.text(AT.name) ?? '') : '';
}

function isData({ type }: ElfSymbol): boolean {
  return type === 'object' || type === 'tls';
}

/** `numeric_limits` of `std::numeric_limits<long long>::radix`. */
function classOf(shown: string): string | undefined {
  const end = shown.lastIndexOf('::');
  if (end < 0) return undefined;
  const plain = shown.slice(0, end).replace(/<.*/s, '');
  return plain.slice(plain.lastIndexOf('::') + 1).replace(/^:+/, '') || undefined;
}
