import { posix } from 'node:path';
import { AT, FORM } from './constants.ts';
import { Cursor, stringAt } from './cursor.ts';
import type { Die, DwarfFile } from './file.ts';
import type { UnitHeader } from './unit.ts';

/** DW_LNCT_path and DW_LNCT_directory_index (DWARF 5 section 6.2.4.1). */
const LNCT_PATH = 1;
const LNCT_DIRECTORY = 2;

/** More files than any unit has; a hostile table ends here. */
const MAX_FILES = 200_000;

interface Row {
  readonly path: string;
  readonly directory: number;
}

const tables = new WeakMap<DwarfFile, Map<number, readonly (string | undefined)[]>>();

/**
 * The source file names of a unit, by the number that DW_AT_decl_file uses: from 0 in version 5, from 1 before.
 * Joined with their directory; relative ones stay relative to the compilation directory (`compilationDirectory`).
 */
export function fileNames(file: DwarfFile, unit: UnitHeader): readonly (string | undefined)[] {
  const root = file.root(unit);
  const place = root?.attributes.get(AT.stmt_list);
  const offset = place?.kind === 'section-offset' ? place.value : place?.kind === 'constant' ? place.value : undefined;
  if (root === undefined || offset === undefined) return [];
  let known = tables.get(file);
  if (known === undefined) {
    known = new Map();
    tables.set(file, known);
  }
  let names = known.get(offset);
  if (names === undefined) {
    names = readFileNames(file, unit, offset);
    known.set(offset, names);
  }
  return names;
}

/** DW_AT_comp_dir of a unit. */
export function compilationDirectory(file: DwarfFile, unit: UnitHeader): string | undefined {
  const root = file.root(unit);
  return root === undefined ? undefined : file.text(root.attributes.get(AT.comp_dir), unit);
}

export interface DeclaredAt {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/**
 * Where an entry says that it is declared. Absolute where the compilation directory is known.
 * The file number belongs to the unit that the entry is in, not to the one that refers to it.
 */
export function declaredAt(die: Die): DeclaredAt | undefined {
  const line = constantOf(die, AT.decl_line);
  const number = constantOf(die, AT.decl_file);
  if (line === undefined || number === undefined) return undefined;
  const name = fileNames(die.file, die.unit)[number];
  if (name === undefined) return undefined;
  const directory = name.startsWith('/') ? undefined : compilationDirectory(die.file, die.unit);
  const column = constantOf(die, AT.decl_column);
  const file = posix.normalize(directory === undefined ? name : `${directory}/${name}`);
  return { file, line, ...(column === undefined || column === 0 ? {} : { column }) };
}

function constantOf(die: Die, attribute: number): number | undefined {
  const value = die.attributes.get(attribute);
  return value?.kind === 'constant' ? value.value : undefined;
}

function readFileNames(file: DwarfFile, unit: UnitHeader, offset: number): readonly (string | undefined)[] {
  const { sections } = file;
  const cursor = new Cursor(sections.line, sections.little, offset);
  let length = cursor.u32();
  const dwarf64 = length === 0xffffffff;
  if (dwarf64) length = cursor.u64();
  cursor.end = Math.min(cursor.end, cursor.offset + length);
  const version = cursor.u16();
  if (cursor.failed || version < 2 || version > 5) return [];
  if (version >= 5) cursor.skip(2); // address_size, segment_selector_size
  cursor.sectionOffset(dwarf64); // header_length
  cursor.skip(version >= 4 ? 5 : 4); // minimum_instruction_length .. line_range
  const opcodeBase = cursor.u8();
  cursor.skip(Math.max(0, opcodeBase - 1));
  const names = version >= 5 ? readVersion5(cursor, file, unit, dwarf64) : readVersion2(cursor);
  return cursor.failed ? [] : names;
}

/** DWARF 2 to 4, section 6.2.4: directory and file numbers start at 1, directory 0 is the compilation directory. */
function readVersion2(cursor: Cursor): (string | undefined)[] {
  const directories: (string | undefined)[] = [undefined];
  const text = (): string => {
    const value = stringAt(cursor.bytes, cursor.offset) ?? '';
    cursor.skipString();
    return value;
  };
  for (let count = 0; count < MAX_FILES; count += 1) {
    const directory = text();
    if (directory === '' || cursor.failed) break;
    directories.push(directory);
  }
  const names: (string | undefined)[] = [undefined];
  for (let count = 0; count < MAX_FILES; count += 1) {
    const path = text();
    if (path === '' || cursor.failed) break;
    const directory = cursor.uleb();
    cursor.skipLeb(); // time
    cursor.skipLeb(); // length
    names.push(join(directories[directory], path));
  }
  return names;
}

function readVersion5(cursor: Cursor, file: DwarfFile, unit: UnitHeader, dwarf64: boolean): (string | undefined)[] {
  const directories = readTable(cursor, file, unit, dwarf64).map(({ path }) => path);
  const [base] = directories;
  return readTable(cursor, file, unit, dwarf64).map(({ path, directory }) => {
    // Directory 0 is the compilation directory itself, other relative ones are below it.
    const where = directories[directory];
    const full = where === undefined || where.startsWith('/') || directory === 0 ? where : join(base, where);
    return join(full, path);
  });
}

function readTable(cursor: Cursor, file: DwarfFile, unit: UnitHeader, dwarf64: boolean): Row[] {
  const formats: [number, number][] = [];
  for (let left = cursor.u8(); left > 0 && !cursor.failed; left -= 1) formats.push([cursor.uleb(), cursor.uleb()]);
  const rows: Row[] = [];
  const count = cursor.uleb();
  if (formats.length === 0) return rows;
  for (let row = 0; row < Math.min(count, MAX_FILES) && !cursor.failed; row += 1) {
    let path = '';
    let directory = 0;
    for (const [content, form] of formats) {
      if (content === LNCT_PATH) path = readPath(cursor, form, file, unit, dwarf64);
      else if (content === LNCT_DIRECTORY) directory = readNumber(cursor, form);
      else skipForm(cursor, form, dwarf64);
    }
    rows.push({ path, directory });
  }
  return rows;
}

function readPath(cursor: Cursor, form: number, file: DwarfFile, unit: UnitHeader, dwarf64: boolean): string {
  switch (form) {
    case FORM.string: {
      const text = stringAt(cursor.bytes, cursor.offset) ?? '';
      cursor.skipString();
      return text;
    }
    case FORM.line_strp:
      return stringAt(file.sections.lineStr, cursor.sectionOffset(dwarf64)) ?? '';
    case FORM.strp:
      return stringAt(file.sections.str, cursor.sectionOffset(dwarf64)) ?? '';
    case FORM.strp_sup:
    case FORM.GNU_strp_alt: {
      const place = cursor.sectionOffset(dwarf64);
      return file.alt === undefined ? '' : (stringAt(file.alt.sections.str, place) ?? '');
    }
    case FORM.strx:
      return file.text({ kind: 'string-index', value: cursor.uleb() }, unit) ?? '';
    case FORM.strx1:
      return file.text({ kind: 'string-index', value: cursor.u8() }, unit) ?? '';
    case FORM.strx2:
      return file.text({ kind: 'string-index', value: cursor.u16() }, unit) ?? '';
    case FORM.strx3:
      return file.text({ kind: 'string-index', value: cursor.u24() }, unit) ?? '';
    case FORM.strx4:
      return file.text({ kind: 'string-index', value: cursor.u32() }, unit) ?? '';
    default:
      cursor.fail();
      return '';
  }
}

function readNumber(cursor: Cursor, form: number): number {
  switch (form) {
    case FORM.data1:
      return cursor.u8();
    case FORM.data2:
      return cursor.u16();
    case FORM.data4:
      return cursor.u32();
    case FORM.data8:
      return cursor.u64();
    case FORM.udata:
      return cursor.uleb();
    default:
      return cursor.fail();
  }
}

/** What is neither path nor directory: times, sizes, MD5 sums, LLVM's embedded source. */
function skipForm(cursor: Cursor, form: number, dwarf64: boolean): void {
  switch (form) {
    case FORM.data1:
      cursor.skip(1);
      return;
    case FORM.data2:
      cursor.skip(2);
      return;
    case FORM.data4:
      cursor.skip(4);
      return;
    case FORM.data8:
      cursor.skip(8);
      return;
    case FORM.data16:
      cursor.skip(16);
      return;
    case FORM.udata:
    case FORM.strx:
      cursor.skipLeb();
      return;
    case FORM.string:
      cursor.skipString();
      return;
    case FORM.strp:
    case FORM.line_strp:
      cursor.sectionOffset(dwarf64);
      return;
    case FORM.block:
      cursor.skip(cursor.uleb());
      return;
    case FORM.block1:
      cursor.skip(cursor.u8());
      return;
    default:
      cursor.fail();
  }
}

function join(directory: string | undefined, path: string): string {
  if (directory === undefined || directory === '' || path.startsWith('/')) return path;
  return directory.endsWith('/') ? `${directory}${path}` : `${directory}/${path}`;
}
