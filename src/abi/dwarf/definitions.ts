import * as AT from '../../dwarf/at.ts';
import { unitAt } from '../../dwarf/entry.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { NO_NAME, OTHER_NAME, type ScopeIndex } from '../../dwarf/index-pass.ts';
import * as TAG from '../../dwarf/tag.ts';
import { nameOf } from './attributes.ts';
import { join, scopeOf } from './scope.ts';

/** Where the definitions of named records and enums lie, by the last part of their name; places in .debug_types are negative. */
type ByName = Map<string, number[]>;

const known = new WeakMap<DwarfFile, ByName>();

/** How many definitions of one name are looked at; large programs repeat `Impl` thousands of times. */
const MAX_CANDIDATES = 4096;

/**
 * Definitions, in any unit of the program's files, of the record or enum that an entry only declares. Several when the
 * units disagree or repeat it.
 * @param most as many are wanted
 */
export function definitionsOf(declaration: Die, most = MAX_CANDIDATES): readonly Die[] {
  const name = nameOf([declaration]);
  if (name === undefined) return [];
  const found: Die[] = [];
  let qualified: string | undefined;
  for (const file of declaration.file.program.files) {
    const candidates = definitionsByName(file).get(name) ?? [];
    for (const place of candidates.slice(0, MAX_CANDIDATES)) {
      const unit = place < 0 ? unitAt(file.typeUnits, -place) : unitAt(file.units, place);
      const die = unit === undefined ? undefined : file.entryAt(unit, Math.abs(place));
      if (die === undefined || !sameKind(die.tag, declaration.tag)) continue;
      qualified ??= join(scopeOf(declaration), name);
      if (join(scopeOf(die), name) === qualified && found.push(die) >= most) return found;
    }
  }
  return found;
}

/** Definitions of records and enums with a name, in whatever scope. */
export function definitionsNamed(files: readonly DwarfFile[], name: string): readonly Die[] {
  return files.flatMap((file) => diesAt(file, definitionsByName(file).get(name) ?? []));
}

/** Definitions of classes with one of these names, and of the instances of class templates with them. */
export function* definitionsOfFamilies(files: readonly DwarfFile[], names: ReadonlySet<string>): Generator<Die> {
  for (const file of files) {
    const wanted: (readonly number[])[] = [];
    definitionsByName(file).forEach((places, name) => {
      const at = name.indexOf('<');
      if (names.has(at < 0 ? name : name.slice(0, at))) wanted.push(places);
    });
    for (const places of wanted) yield* diesAt(file, places);
  }
}

function diesAt(file: DwarfFile, places: readonly number[]): readonly Die[] {
  return places.slice(0, MAX_CANDIDATES).flatMap((place) => {
    const unit = place < 0 ? unitAt(file.typeUnits, -place) : unitAt(file.units, place);
    return (unit === undefined ? undefined : file.entryAt(unit, Math.abs(place))) ?? [];
  });
}

/** `struct` and `class` name the same thing in C++. */
function sameKind(a: number, b: number): boolean {
  return recordKind(a) === recordKind(b);
}

function recordKind(tag: number): number {
  return tag === TAG.class_type || tag === TAG.interface_type ? TAG.structure_type : tag;
}

function definitionsByName(file: DwarfFile): ByName {
  let byName = known.get(file);
  if (byName !== undefined) return byName;
  byName = new Map();
  known.set(file, byName);
  // Units repeat what they define: of one string in .debug_str one look at it is enough.
  const byString = new Map<number, number[]>();
  for (const section of ['info', 'types'] as const) {
    const { scopes } = file.index(section);
    for (let at = 0; at < scopes.count; at += 1) {
      const string = scopes.name[at] ?? NO_NAME;
      if (string === NO_NAME || !isDefinable(scopes.tag[at] ?? 0)) continue;
      const offset = scopes.offset[at] ?? 0;
      let places = byString.get(string);
      if (places === undefined || string === OTHER_NAME) {
        const name = string === OTHER_NAME ? nameAt(file, section, scopes, at) : file.stringIn('str', string);
        if (name === undefined) continue;
        places = byName.get(name) ?? [];
        byName.set(name, places);
        byString.set(string, places);
      }
      places.push(section === 'info' ? offset : -offset);
    }
  }
  return byName;
}

function nameAt(file: DwarfFile, section: 'info' | 'types', scopes: ScopeIndex, at: number): string | undefined {
  const unit = (section === 'info' ? file.units : file.typeUnits)[scopes.unit[at] ?? 0];
  return unit === undefined ? undefined : file.entryAt(unit, scopes.offset[at] ?? 0)?.text(AT.name);
}

function isDefinable(tag: number): boolean {
  switch (tag) {
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.union_type:
    case TAG.interface_type:
    case TAG.enumeration_type:
      return true;
    default:
      return false;
  }
}
