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

const isVariable = withTags(TAG.variable);

/** Parts of namespaces that are looked into: each unit has one of each. */
const MOST_NAMESPACES = 300;

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
    if (!isData(symbol) || !/^_Z(?:N|St)/.test(symbol.name)) continue;
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
  attachOfNamespaces(files, left, classes, found);
  return found;
}

/** Inline constants of namespaces: gcc only declares those that have no more than their value (`inline constexpr tag_t tag;`). */
function attachOfNamespaces(
  files: readonly DwarfFile[],
  left: Map<string, ElfSymbol>,
  names: ReadonlySet<string>,
  found: Map<ElfSymbol, Die>,
): void {
  let looked = 0;
  for (const file of files) {
    const { scopes } = file.index();
    for (let at = 0; at < scopes.count && left.size > 0 && looked < MOST_NAMESPACES; at += 1) {
      if (scopes.tag[at] !== TAG.namespace) continue;
      const unit = file.units[scopes.unit[at] ?? -1];
      const die = unit === undefined ? undefined : file.entryAt(unit, scopes.offset[at] ?? 0);
      if (die === undefined || !names.has(die.text(AT.name) ?? '')) continue;
      looked += 1;
      for (const child of file.childrenWith(die, isVariable)) {
        const symbol = left.get(linkageNameOf([child]) ?? '');
        if (symbol === undefined || !left.delete(symbol.name)) continue;
        found.set(symbol, child);
      }
    }
  }
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
