import { Cursor } from './cursor.ts';
import * as FORM from './form.ts';
import type { DwarfSections } from './unit.ts';

/** DW_LNCT_path and DW_LNCT_directory_index (DWARF 5 section 6.2.4.1). */
const LNCT_PATH = 1;
const LNCT_DIRECTORY = 2;

/** Rows that may still be read: tables of a hostile file overlap. */
export interface RowBudget {
  rows: number;
}

/** Directories and files of one line table header; names are decoded when asked for. */
export interface LineTable {
  readonly version: number;
  readonly directories: Rows;
  readonly files: Rows;
}

/** Rows as parallel arrays: units have hundreds, and few of their names are asked for. */
export class Rows {
  /** Form of the path, and the number that stands for it: an offset or an index. */
  readonly form: number[] = [];
  readonly value: number[] = [];
  readonly directory: number[] = [];

  add(form: number, value: number, directory: number): void {
    this.form.push(form);
    this.value.push(value);
    this.directory.push(directory);
  }
}

export const EMPTY_TABLE: LineTable = { version: 5, directories: new Rows(), files: new Rows() };

/**
 * The directories and files of the line table at an offset of .debug_line, versions 2 to 5.
 * @param budget rows that may still be read of this file
 * @returns undefined for a broken table
 */
export function readLineTable(sections: DwarfSections, offset: number, budget: RowBudget): LineTable | undefined {
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
    readRows(cursor, directories, dwarf64, budget);
    readRows(cursor, files, dwarf64, budget);
  } else readVersion2(cursor, directories, files, budget);
  return cursor.failed ? undefined : { version, directories, files };
}

/** DWARF 2 to 4, section 6.2.4: two lists, each ended by an empty name. */
function readVersion2(cursor: Cursor, directories: Rows, files: Rows, budget: RowBudget): void {
  const name = (): number => {
    const value = cursor.offset;
    cursor.skipString();
    budget.rows -= 1;
    return cursor.failed || cursor.offset === value + 1 || budget.rows < 0 ? -1 : value;
  };
  for (let path = name(); path >= 0; path = name()) directories.add(FORM.string, path, 0);
  for (let path = name(); path >= 0; path = name()) {
    const directory = cursor.uleb();
    cursor.skipLeb(); // time
    cursor.skipLeb(); // length
    files.add(FORM.string, path, directory);
  }
}

function readRows(cursor: Cursor, rows: Rows, dwarf64: boolean, budget: RowBudget): void {
  const formats: { readonly content: number; readonly form: number }[] = [];
  for (let left = cursor.u8(); left > 0 && !cursor.failed; left -= 1)
    formats.push({ content: cursor.uleb(), form: cursor.uleb() });
  const count = cursor.uleb();
  if (formats.length === 0) return;
  const pathForm = formats.find(({ content }) => content === LNCT_PATH)?.form ?? 0;
  for (let row = 0; row < count && !cursor.failed; row += 1) {
    budget.rows -= 1;
    if (budget.rows < 0) {
      cursor.fail();
      return;
    }
    let path = 0;
    let directory = 0;
    for (let at = 0; at < formats.length; at += 1) {
      const format = formats[at];
      if (format === undefined) break;
      const value = readForm(cursor, format.form, dwarf64);
      if (format.content === LNCT_PATH) path = value;
      else if (format.content === LNCT_DIRECTORY) directory = value;
    }
    rows.add(pathForm, path, directory);
  }
}

/** Reads a number, or the number that stands for a string; 0 for what is neither: MD5 sums, LLVM's embedded source. */
function readForm(cursor: Cursor, form: number, dwarf64: boolean): number {
  switch (form) {
    case FORM.string: {
      const value = cursor.offset;
      cursor.skipString();
      return value;
    }
    case FORM.line_strp:
    case FORM.strp:
    case FORM.strp_sup:
    case FORM.GNU_strp_alt:
      return cursor.sectionOffset(dwarf64);
    case FORM.strx:
    case FORM.udata:
      return cursor.uleb();
    case FORM.strx1:
    case FORM.data1:
      return cursor.u8();
    case FORM.strx2:
    case FORM.data2:
      return cursor.u16();
    case FORM.strx3:
      return cursor.u24();
    case FORM.strx4:
    case FORM.data4:
      return cursor.u32();
    case FORM.data8:
      return cursor.u64();
    case FORM.data16:
      cursor.skip(16);
      return 0;
    case FORM.block:
      cursor.skip(cursor.uleb());
      return 0;
    case FORM.block1:
      cursor.skip(cursor.u8());
      return 0;
    case FORM.block2:
      cursor.skip(cursor.u16());
      return 0;
    case FORM.block4:
      cursor.skip(cursor.u32());
      return 0;
    default:
      return cursor.fail();
  }
}
