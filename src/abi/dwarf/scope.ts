import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { ScopeIndex } from '../../dwarf/index-pass.ts';
import * as TAG from '../../dwarf/tag.ts';
import { isNamedScope } from '../../dwarf/tags.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { Language } from '../model.ts';
import { chainOf, nameOf } from './attributes.ts';
import { classNameOf } from './template-names.ts';

/** Names of scopes by position in an index. */
interface ScopeNames {
  readonly known: Map<number, string>;
  /** Characters that may still be joined. */
  budget: number;
}

const scopes = new WeakMap<ScopeIndex, ScopeNames>();

/** Characters of all scope names of a file: nested names add up, in a hostile file beyond any memory. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
/** A scope name longer than this is cut in the middle of the nesting; templates of templates stay below. */
const LONGEST = 1 << 16;

/** Joined names of the scopes around an entry, `geo::Shape`, or the empty string at the top. */
export function scopeOf(die: Die): string {
  // A definition outside its class says by DW_AT_specification where it belongs.
  const chain = chainOf(die);
  const declared = chain.at(-1) ?? die;
  const index = declared.file.index(declared.unit.section).scopes;
  return nameOfScope(declared, index, enclosing(index, declared.offset));
}

/** Tag of what a declaration stands in: a class, a namespace; undefined at the top. */
export function enclosingTag(declared: Die): number | undefined {
  const { scopes: index } = declared.file.index(declared.unit.section);
  const at = enclosing(index, declared.offset);
  return at < 0 ? undefined : index.tag[at];
}

/** The innermost scope that holds an offset, not counting the entry at the offset itself; -1: none. */
function enclosing(index: ScopeIndex, offset: number): number {
  const { offset: offsets, end, parent } = index;
  let low = 0;
  let high = index.count - 1;
  let at = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < offset) {
      at = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  while (at >= 0 && (end[at] ?? 0) <= offset) at = parent[at] ?? -1;
  return at;
}

/** @param near an entry of the same file and section */
function nameOfScope(near: Die, index: ScopeIndex, scope: number): string {
  if (scope < 0) return '';
  let names = scopes.get(index);
  if (names === undefined) {
    names = { known: new Map(), budget: MOST_CHARACTERS };
    scopes.set(index, names);
  }
  const cached = names.known.get(scope);
  if (cached !== undefined) return cached;
  const outer = nameOfScope(near, index, index.parent[scope] ?? -1);
  const { file } = near;
  const unit = (near.unit.section === 'info' ? file.units : file.typeUnits)[index.unit[scope] ?? -1];
  const die = unit === undefined ? undefined : file.entryAt(unit, index.offset[scope] ?? 0);
  const name = die === undefined ? '' : scopeName(die);
  const room = Math.min(LONGEST, names.budget) > outer.length + name.length;
  const text = room ? join(outer, name) : outer;
  names.budget -= room && name !== '' ? text.length : 0;
  names.known.set(scope, text);
  return text;
}

function scopeName(die: Die): string {
  const chain = chainOf(die);
  const name = nameOf(chain);
  if (die.tag === TAG.namespace) return name ?? '(anonymous namespace)';
  if (isNamedScope(die.tag)) return classNameOf(die) ?? name ?? '(anonymous)';
  // Local types: their function is part of their name, and such names are not stable between compilers.
  return die.tag === TAG.subprogram ? `${name ?? '(anonymous)'}()` : '';
}

export function join(scope: string, name: string): string {
  return scope === '' ? name : name === '' ? scope : `${scope}::${name}`;
}

/** DW_AT_language of a unit; a partial unit can leave it to the units that import it, a split unit to its skeleton. */
function languageCode(file: DwarfFile, unit: UnitHeader): number | undefined {
  const own = file.root(unit)?.number(AT.language);
  if (own !== undefined) return own;
  const other = file.skeletonOf(unit) ?? file.program.importerOf(unit);
  return other?.file.root(other.unit)?.number(AT.language);
}

/** DW_LANG codes (DWARF 5 section 7.12 and the registry of later additions). */
export function languageOf(die: Die): Language {
  switch (languageCode(die.file, die.unit) ?? -1) {
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
