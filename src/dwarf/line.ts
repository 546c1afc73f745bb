import { posix } from 'node:path';
import * as AT from './at.ts';
import type { Die } from './entry.ts';
import type { DwarfFile } from './file.ts';
import * as FORM from './form.ts';
import { EMPTY_TABLE, type LineTable, type Rows, readLineTable } from './line-table.ts';
import type { UnitPlace } from './program.ts';
import type { UnitHeader } from './unit.ts';
import type { AttributeValue } from './value.ts';

/** Rows that are read for each byte of .debug_line: tables do not overlap in a real file. */
const OVERLAP = 2;
const SLACK = 10_000;
/** Characters of joined names; a hostile file has long directories and many files in them. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

interface FileState {
  readonly tables: Map<number, LineTable>;
  readonly units: Map<UnitHeader, UnitNames>;
  /** Paths without `.` and `..` by what they were joined from. */
  readonly normal: Map<string, string>;
  /** DW_AT_comp_dir by the offset of the line table: type units share a table with the unit that has it. */
  directories?: Map<number, string>;
  /** Entries come in runs of one unit. */
  last?: { readonly unit: UnitHeader; readonly names: UnitNames };
  rows: number;
  characters: number;
}

interface UnitNames {
  readonly table: LineTable;
  readonly place: UnitPlace;
  readonly directory: string | undefined;
  readonly names: Map<number, string | undefined>;
}

const states = new WeakMap<DwarfFile, FileState>();

function stateOf(file: DwarfFile): FileState {
  let state = states.get(file);
  if (state === undefined) {
    state = {
      tables: new Map(),
      units: new Map(),
      normal: new Map(),
      rows: file.sections.line.length * OVERLAP + SLACK,
      characters: MOST_CHARACTERS,
    };
    states.set(file, state);
  }
  return state;
}

/**
 * The source file with a number, as DW_AT_decl_file of entries of this unit uses it: from 0 in version 5, from 1 before.
 * Absolute where the compilation directory is known.
 */
export function fileName(file: DwarfFile, unit: UnitHeader, number: number): string | undefined {
  const known = namesOf(file, unit);
  const before = known.names.get(number);
  if (before !== undefined || known.names.has(number)) return before;
  const name = joined(known, number, stateOf(file));
  known.names.set(number, name);
  return name;
}

function namesOf(file: DwarfFile, unit: UnitHeader): UnitNames {
  const state = stateOf(file);
  if (state.last?.unit === unit) return state.last.names;
  let names = state.units.get(unit);
  if (names === undefined) {
    names = readUnit(file, unit, state);
    state.units.set(unit, names);
  }
  state.last = { unit, names };
  return names;
}

/** How many numbers a unit's table has: one more than the largest. */
export function fileCount(file: DwarfFile, unit: UnitHeader): number {
  const { table } = namesOf(file, unit);
  return table.files.form.length + (table.version >= 5 ? 0 : 1);
}

export interface DeclaredAt {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/**
 * Where an entry says that it is declared. The file number belongs to the unit that the entry is in, not to the one
 * that refers to it.
 */
export function declaredAt(die: Die): DeclaredAt | undefined {
  const line = die.number(AT.decl_line);
  const number = line === undefined ? undefined : die.number(AT.decl_file);
  if (line === undefined || number === undefined) return undefined;
  const file = fileName(die.file, die.unit, number);
  if (file === undefined) return undefined;
  const column = die.number(AT.decl_column);
  return column === undefined || column === 0 ? { file, line } : { file, line, column };
}

function readUnit(file: DwarfFile, unit: UnitHeader, state: FileState): UnitNames {
  const own = offsetOf(file.root(unit)?.get(AT.stmt_list));
  // A split unit uses the table of its skeleton; split type units have one in their own file.
  const skeleton = own === undefined ? file.skeletonOf(unit) : undefined;
  const place = skeleton ?? { file, unit };
  const offset = skeleton === undefined ? own : offsetOf(skeleton.file.root(skeleton.unit)?.get(AT.stmt_list));
  const names = new Map<number, string | undefined>();
  if (offset === undefined) return { table: EMPTY_TABLE, place, directory: undefined, names };
  const shift = skeleton === undefined ? (unit.contribution?.line ?? 0) : 0;
  const table = tableAt(place, offset + shift, skeleton === undefined ? state : stateOf(place.file));
  return { table, place, directory: compilationDirectory(place, offset + shift), names };
}

function offsetOf(value: AttributeValue | undefined): number | undefined {
  return value?.kind === 'section-offset' || value?.kind === 'constant' ? value.value : undefined;
}

function compilationDirectory({ file, unit }: UnitPlace, table: number): string | undefined {
  const own = file.text(file.root(unit)?.get(AT.comp_dir), unit);
  if (own !== undefined) return own;
  const state = stateOf(file);
  if (state.directories === undefined) {
    state.directories = new Map();
    for (const other of file.units) {
      const root = file.root(other);
      // A split unit leaves both to its skeleton; the type units beside it use the only table of the .dwo file.
      const skeleton = file.skeletonOf(other);
      const offset = offsetOf(root?.get(AT.stmt_list)) ?? (skeleton === undefined ? undefined : 0);
      const directory =
        file.text(root?.get(AT.comp_dir), other) ??
        skeleton?.file.text(skeleton.file.root(skeleton.unit)?.get(AT.comp_dir), skeleton.unit);
      const key = (offset ?? 0) + (other.contribution?.line ?? 0);
      if (offset !== undefined && directory !== undefined && !state.directories.has(key))
        state.directories.set(key, directory);
    }
  }
  return state.directories.get(table);
}

function joined({ table, place, directory }: UnitNames, number: number, state: FileState): string | undefined {
  const at = table.version >= 5 ? number : number - 1;
  const path = textOf(place, table.files, at);
  if (path === undefined || path === '') return undefined;
  const parts = [path];
  if (!path.startsWith('/')) {
    const index = table.files.directory[at] ?? 0;
    // Directory 0 is the compilation directory: in the table since version 5, before that only by its number.
    const within = index === 0 ? undefined : textOf(place, table.directories, table.version >= 5 ? index : index - 1);
    if (within !== undefined) parts.unshift(within);
    if (within?.startsWith('/') !== true) {
      const base = table.version >= 5 ? textOf(place, table.directories, 0) : undefined;
      const root = base?.startsWith('/') ? base : (directory ?? base);
      if (root !== undefined) parts.unshift(root);
    }
  }
  state.characters -= parts.reduce((sum, part) => sum + part.length + 1, 0);
  if (state.characters < 0) return path;
  // Each unit has a table of its own with mostly the same paths.
  const whole = parts.join('/');
  let normal = state.normal.get(whole);
  if (normal === undefined) {
    normal = posix.normalize(whole);
    state.normal.set(whole, normal);
  }
  return normal;
}

function textOf({ file, unit }: UnitPlace, { form, value }: Rows, at: number): string | undefined {
  const number = value[at] ?? 0;
  switch (form[at]) {
    case FORM.string:
      return file.stringIn('line', number);
    case FORM.line_strp:
      return file.stringIn('line-str', number);
    case FORM.strp:
      return file.stringIn('str', number);
    case FORM.strp_sup:
    case FORM.GNU_strp_alt:
      return file.stringIn('alt', number);
    case FORM.strx:
    case FORM.strx1:
    case FORM.strx2:
    case FORM.strx3:
    case FORM.strx4:
      return file.indexedString(number, unit);
    default:
      return undefined;
  }
}

function tableAt(place: UnitPlace, offset: number, state: FileState): LineTable {
  let table = state.tables.get(offset);
  if (table === undefined) {
    table = readLineTable(place.file.sections, offset, state) ?? EMPTY_TABLE;
    state.tables.set(offset, table);
  }
  return table;
}
