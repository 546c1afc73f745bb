import { Cursor } from './cursor.ts';
import type { DwarfSections } from './unit.ts';

/** Where the parts of one unit of a .dwp file begin in its sections. */
export interface Contribution {
  readonly abbrev: number;
  readonly strOffsets: number;
  readonly line: number;
  readonly rnglists: number;
}

interface Row extends Contribution {
  readonly start: number;
  readonly end: number;
}

/** DW_SECT codes that mean the same in version 2 (GNU, for DWARF 4) and version 5, section 7.3.5.3. */
const SECT = { info: 1, types: 2, abbrev: 3, line: 4, strOffsets: 6, rnglists: 8 } as const;

const MOST_COLUMNS = 16;

/** The contributions of the units of a .dwp file, by the place of the unit in its section. */
export class PackageIndex {
  readonly #info: Row[] = [];
  readonly #types: Row[] = [];
  readonly problems: string[] = [];

  /** The index of a .dwp file, undefined for other files. */
  static of({ cuIndex, tuIndex, little }: DwarfSections): PackageIndex | undefined {
    if (cuIndex.length + tuIndex.length === 0) return undefined;
    const indexes = [
      { name: '.debug_cu_index', bytes: cuIndex },
      { name: '.debug_tu_index', bytes: tuIndex },
    ];
    return new PackageIndex(indexes, little);
  }

  /**
   * @param indexes contents of .debug_cu_index and .debug_tu_index; empty ones add nothing
   */
  constructor(indexes: readonly { readonly name: string; readonly bytes: Uint8Array }[], little: boolean) {
    for (const { name, bytes } of indexes) {
      if (bytes.length > 0 && !this.#read(bytes, little)) this.problems.push(`${name} is broken`);
    }
    for (const rows of [this.#info, this.#types]) rows.sort((a, b) => a.start - b.start);
  }

  contributionOf(section: 'info' | 'types', offset: number): Contribution | undefined {
    const rows = section === 'info' ? this.#info : this.#types;
    let low = 0;
    let high = rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const row = rows[middle];
      if (row === undefined) return undefined;
      if (offset < row.start) high = middle - 1;
      else if (offset >= row.end) low = middle + 1;
      else return row;
    }
    return undefined;
  }

  #read(bytes: Uint8Array, little: boolean): boolean {
    const cursor = new Cursor(bytes, little);
    // Version 2 is 4 bytes wide, version 5 is 2 bytes and padding.
    const wide = cursor.u32();
    const version = wide === 2 ? 2 : new Cursor(bytes, little).u16();
    const columns = cursor.u32();
    const rows = cursor.u32();
    const slots = cursor.u32();
    if (cursor.failed || (version !== 2 && version !== 5) || columns > MOST_COLUMNS) return false;
    cursor.skip(slots * 12);
    if (cursor.failed || rows * columns * 8 > bytes.length) return false;
    const sections: number[] = [];
    for (let column = 0; column < columns; column += 1) sections.push(cursor.u32());
    const table = (): number[] => Array.from({ length: rows * columns }, () => cursor.u32());
    const offsets = table();
    const sizes = table();
    if (cursor.failed) return false;
    const column = (code: number): number => sections.indexOf(code);
    const main = column(SECT.info) >= 0 ? column(SECT.info) : column(SECT.types);
    const list = column(SECT.info) >= 0 ? this.#info : this.#types;
    for (let row = 0; row < rows; row += 1) {
      const at = (index: number): number => (index < 0 ? 0 : (offsets[row * columns + index] ?? 0));
      const start = at(main);
      list.push({
        start,
        end: start + (sizes[row * columns + main] ?? 0),
        abbrev: at(column(SECT.abbrev)),
        strOffsets: at(column(SECT.strOffsets)),
        line: at(column(SECT.line)),
        // In version 2, this code means .debug_macro.
        rnglists: version === 5 ? at(column(SECT.rnglists)) : 0,
      });
    }
    return true;
  }
}
