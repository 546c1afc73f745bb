import { AT, TAG } from '../../dwarf/constants.ts';
import { unitAt } from '../../dwarf/entry.ts';
import { type Die, type DwarfFile, isNamedScope } from '../../dwarf/file.ts';
import type { DwarfIndex } from '../../dwarf/index-pass.ts';
import type { Language } from '../model.ts';
import { attributeOf, chainOf, nameOf } from './attributes.ts';

const scopes = new WeakMap<DwarfIndex, Map<number, string>>();

/** Joined names of the scopes around an entry, `geo::Shape`, or the empty string at the top. */
export function scopeOf(die: Die): string {
  // A definition outside its class says by DW_AT_specification where it belongs.
  const chain = chainOf(die);
  const declared = chain.at(-1) ?? die;
  const index = declared.file.index(declared.unit.section);
  return nameOfScope(declared.file, index, enclosing(index, declared.offset), declared.unit.section);
}

/** Index entry of the innermost noted scope that holds an offset, not counting the entry at the offset itself; -1: none. */
function enclosing(index: DwarfIndex, offset: number): number {
  let low = 0;
  let high = index.count - 1;
  let at = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((index.offset[middle] ?? 0) < offset) {
      at = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  while (at >= 0 && (index.end[at] ?? 0) <= offset) at = index.parent[at] ?? -1;
  return at;
}

function nameOfScope(file: DwarfFile, index: DwarfIndex, entry: number, section: 'info' | 'types'): string {
  if (entry < 0) return '';
  let known = scopes.get(index);
  if (known === undefined) {
    known = new Map();
    scopes.set(index, known);
  }
  const cached = known.get(entry);
  if (cached !== undefined) return cached;
  known.set(entry, ''); // against parents that lead back here in a broken file
  const offset = index.offset[entry] ?? 0;
  const unit = unitAt(section === 'info' ? file.units : file.typeUnits, offset);
  const die = unit === undefined ? undefined : file.entryAt(unit, offset);
  let text = '';
  if (die !== undefined) {
    const outer = nameOfScope(file, index, index.parent[entry] ?? -1, section);
    text = join(outer, scopeName(die));
  }
  known.set(entry, text);
  return text;
}

function scopeName(die: Die): string {
  const chain = chainOf(die);
  const name = nameOf(chain);
  if (die.tag === TAG.namespace) return name ?? '(anonymous namespace)';
  if (isNamedScope(die.tag)) return name ?? '(anonymous)';
  // Local types: their function is part of their name, and such names are not stable between compilers.
  return die.tag === TAG.subprogram ? `${name ?? '(anonymous)'}()` : '';
}

export function join(scope: string, name: string): string {
  return scope === '' ? name : name === '' ? scope : `${scope}::${name}`;
}

/** DW_LANG codes (DWARF 5 section 7.12 and the registry of later additions). */
export function languageOf(die: Die): Language {
  const root = die.file.root(die.unit);
  const value = root === undefined ? undefined : attributeOf([root], AT.language)?.value;
  switch (value?.kind === 'constant' ? value.value : -1) {
    case 0x01:
    case 0x02:
    case 0x0c:
    case 0x1d:
    case 0x2c:
    case 0x3e:
      return 'c';
    case 0x04:
    case 0x19:
    case 0x1a:
    case 0x21:
    case 0x2a:
    case 0x2b:
    case 0x3a:
      return 'c++';
    case 0x1c:
      return 'rust';
    case 0x16:
      return 'go';
    default:
      return 'other';
  }
}
