import { posix } from 'node:path';
import { AT, FORM } from './constants.ts';
import { Cursor } from './cursor.ts';
import type { Die } from './entry.ts';
import type { DwarfFile } from './file.ts';
import type { UnitPlace } from './program.ts';
import type { UnitHeader } from './unit.ts';
import type { AttributeValue } from './value.ts';

/** DW_LNCT_path and DW_LNCT_directory_index (DWARF 5 section 6.2.4.1). */
const LNCT_PATH = 1;
const LNCT_DIRECTORY = 2;

/** Rows that are read for each byte of .debug_line: tables do not overlap in a real file. */
const OVERLAP = 2;
const SLACK = 10_000;
/** Characters of joined names; a hostile file has long directories and many files in them. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Directories and files of one line table header; names are decoded when asked for. */
interface LineTable {
  readonly version: number;
  readonly directories: Rows;
  readonly files: Rows;
}

class Rows {
  readonly path: (AttributeValue | undefined)[] = [];
  readonly directory: number[] = [];

  add(path: AttributeValue | undefined, directory: number): void {
    this.path.push(path);
    this.directory.push(directory);
  }
}

const EMPTY: LineTable = { version: 5, directories: new Rows(), files: new Rows() };

interface FileState {
  readonly tables: Map<number, LineTable>;
  readonly units: Map<UnitHeader, UnitNames>;
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
  return table.files.path.length + (table.version >= 5 ? 0 : 1);
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
  if (offset === undefined) return { table: EMPTY, place, directory: undefined, names };
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
  const text = (value: AttributeValue | undefined): string | undefined => {
    // Strings of the table itself are in .debug_line.
    if (value?.kind === 'string' && value.section === 'inline') return place.file.stringIn('line', value.value);
    return place.file.text(value, place.unit);
  };
  const at = table.version >= 5 ? number : number - 1;
  const path = text(table.files.path[at]);
  if (path === undefined || path === '') return undefined;
  const parts = [path];
  if (!path.startsWith('/')) {
    const index = table.files.directory[at] ?? 0;
    // Directory 0 is the compilation directory: in the table since version 5, before that only by its number.
    const within = index === 0 ? undefined : text(table.directories.path[table.version >= 5 ? index : index - 1]);
    if (within !== undefined) parts.unshift(within);
    if (within?.startsWith('/') !== true) {
      const base = table.version >= 5 ? text(table.directories.path[0]) : undefined;
      const root = base?.startsWith('/') ? base : (directory ?? base);
      if (root !== undefined) parts.unshift(root);
    }
  }
  state.characters -= parts.reduce((sum, part) => sum + part.length + 1, 0);
  return state.characters < 0 ? path : posix.normalize(parts.join('/'));
}

function tableAt(place: UnitPlace, offset: number, state: FileState): LineTable {
  let table = state.tables.get(offset);
  if (table === undefined) {
    table = readTable(place, offset, state) ?? EMPTY;
    state.tables.set(offset, table);
  }
  return table;
}

function readTable({ file }: UnitPlace, offset: number, state: FileState): LineTable | undefined {
  const { sections } = file;
  const cursor = new Cursor(sections.line, sections.little, offset);
  let length = cursor.u32();
  const dwarf64 = length === 0xffffffff;
  if (dwarf64) length = cursor.u64();
  cursor.end = Math.min(cursor.end, cursor.offset + length);
  const version = cursor.u16();
  if (cursor.failed || version < 2 || version > 5) return undefined;
  if (version >= 5) cursor.skip(2); // address_size, segment_selector_size
  cursor.sectionOffset(dwarf64); // header_length
  cursor.skip(version >= 4 ? 5 : 4); // minimum_instruction_length .. line_range
  const opcodeBase = cursor.u8();
  cursor.skip(Math.max(0, opcodeBase - 1));
  const directories = new Rows();
  const files = new Rows();
  if (version >= 5) {
    readRows(cursor, directories, dwarf64, state);
    readRows(cursor, files, dwarf64, state);
  } else readVersion2(cursor, directories, files, state);
  return cursor.failed ? undefined : { version, directories, files };
}

/** DWARF 2 to 4, section 6.2.4: two lists, each ended by an empty name. */
function readVersion2(cursor: Cursor, directories: Rows, files: Rows, state: FileState): void {
  const name = (): AttributeValue | undefined => {
    const value = cursor.offset;
    cursor.skipString();
    return cursor.failed || cursor.offset === value + 1 || --state.rows < 0
      ? undefined
      : { kind: 'string', section: 'inline', value };
  };
  for (let path = name(); path !== undefined; path = name()) directories.add(path, 0);
  for (let path = name(); path !== undefined; path = name()) {
    const directory = cursor.uleb();
    cursor.skipLeb(); // time
    cursor.skipLeb(); // length
    files.add(path, directory);
  }
}

function readRows(cursor: Cursor, rows: Rows, dwarf64: boolean, state: FileState): void {
  const formats: [content: number, form: number][] = [];
  for (let left = cursor.u8(); left > 0 && !cursor.failed; left -= 1) formats.push([cursor.uleb(), cursor.uleb()]);
  const count = cursor.uleb();
  if (formats.length === 0) return;
  for (let row = 0; row < count && !cursor.failed; row += 1) {
    state.rows -= 1;
    if (state.rows < 0) {
      cursor.fail();
      return;
    }
    let path: AttributeValue | undefined;
    let directory = 0;
    for (const [content, form] of formats) {
      const value = readForm(cursor, form, dwarf64);
      if (content === LNCT_PATH) path = value;
      else if (content === LNCT_DIRECTORY && value?.kind === 'constant') directory = value.value;
    }
    rows.add(path, directory);
  }
}

/** Reads a value; undefined for those that are neither names nor numbers: MD5 sums, LLVM's embedded source. */
function readForm(cursor: Cursor, form: number, dwarf64: boolean): AttributeValue | undefined {
  const constant = (value: number): AttributeValue => ({ kind: 'constant', value, signed: false });
  switch (form) {
    case FORM.string: {
      const value = cursor.offset;
      cursor.skipString();
      return { kind: 'string', section: 'inline', value };
    }
    case FORM.line_strp:
      return { kind: 'string', section: 'line-str', value: cursor.sectionOffset(dwarf64) };
    case FORM.strp:
      return { kind: 'string', section: 'str', value: cursor.sectionOffset(dwarf64) };
    case FORM.strp_sup:
    case FORM.GNU_strp_alt:
      return { kind: 'string', section: 'alt', value: cursor.sectionOffset(dwarf64) };
    case FORM.strx:
      return { kind: 'string-index', value: cursor.uleb() };
    case FORM.strx1:
      return { kind: 'string-index', value: cursor.u8() };
    case FORM.strx2:
      return { kind: 'string-index', value: cursor.u16() };
    case FORM.strx3:
      return { kind: 'string-index', value: cursor.u24() };
    case FORM.strx4:
      return { kind: 'string-index', value: cursor.u32() };
    case FORM.data1:
      return constant(cursor.u8());
    case FORM.data2:
      return constant(cursor.u16());
    case FORM.data4:
      return constant(cursor.u32());
    case FORM.data8:
      return constant(cursor.u64());
    case FORM.udata:
      return constant(cursor.uleb());
    case FORM.data16:
      cursor.skip(16);
      return undefined;
    case FORM.block:
      cursor.skip(cursor.uleb());
      return undefined;
    case FORM.block1:
      cursor.skip(cursor.u8());
      return undefined;
    case FORM.block2:
      cursor.skip(cursor.u16());
      return undefined;
    case FORM.block4:
      cursor.skip(cursor.u32());
      return undefined;
    default:
      cursor.fail();
      return undefined;
  }
}
