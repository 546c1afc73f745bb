import { positionOf } from './abbrev.ts';
import type { Cursor } from './cursor.ts';
import type { DwarfFile } from './file.ts';
import * as FORM from './form.ts';
import { type Layout, valueOffset } from './layout.ts';
import type { UnitHeader } from './unit.ts';
import { type AttributeValue, readValue } from './value.ts';

/**
 * A debugging information entry (DIE). Its values are decoded one by one when asked for: most entries are read for one
 * or two of them.
 */
export class Die {
  readonly file: DwarfFile;
  readonly unit: UnitHeader;
  /** Offset of the entry in its section. */
  readonly offset: number;
  readonly layout: Layout;
  /** Offset of the first value. */
  readonly values: number;
  /** Offset behind the values: the first child's when there are children, else the next sibling's. */
  readonly next: number;
  /** The entries that this one completes or stands for, once they were looked for; see chainOf. */
  chain: readonly Die[] | undefined = undefined;
  readonly #cursor: Cursor;

  constructor(
    file: DwarfFile,
    unit: UnitHeader,
    offset: number,
    layout: Layout,
    values: number,
    next: number,
    cursor: Cursor,
  ) {
    this.file = file;
    this.unit = unit;
    this.offset = offset;
    this.layout = layout;
    this.values = values;
    this.next = next;
    this.#cursor = cursor;
  }

  get tag(): number {
    return this.layout.tag;
  }

  get hasChildren(): boolean {
    return this.layout.children;
  }

  /** The attributes by number. */
  get attributes(): { get(attribute: number): AttributeValue | undefined; has(attribute: number): boolean } {
    return this;
  }

  has(attribute: number): boolean {
    return positionOf(this.layout.abbrev, attribute) >= 0;
  }

  /** The value of an attribute, undefined when the entry has none. */
  get(attribute: number): AttributeValue | undefined {
    const position = positionOf(this.layout.abbrev, attribute);
    return position < 0 ? undefined : this.valueAt(position);
  }

  /** The value at a position of the abbreviation's list. */
  valueAt(position: number): AttributeValue | undefined {
    const { layout, unit } = this;
    const cursor = this.#cursor;
    const { little, bytes } = cursor;
    cursor.move(valueOffset(layout, position, bytes, little, this.values, this.next, unit), this.next);
    const { abbrev } = layout;
    const value = readValue(cursor, abbrev.forms[position] ?? 0, abbrev.implicit[position] ?? 0, unit);
    return cursor.failed ? undefined : value;
  }

  /** Offset of the value at a position. */
  #place(position: number): number {
    const distance = this.layout.distance[position] ?? -1;
    if (distance >= 0) return this.values + distance;
    const { little, bytes } = this.#cursor;
    return valueOffset(this.layout, position, bytes, little, this.values, this.next, this.unit);
  }

  /** A constant as a number, without making a value of it; undefined for other kinds. */
  number(attribute: number): number | undefined {
    const { abbrev } = this.layout;
    const position = positionOf(abbrev, attribute);
    if (position < 0) return undefined;
    switch (abbrev.forms[position]) {
      // These make nearly all constants.
      case FORM.data1:
        return this.#cursor.bytes[this.#place(position)];
      case FORM.data2:
        return this.#cursor.move(this.#place(position), this.next).u16();
      case FORM.data4:
        return this.#cursor.move(this.#place(position), this.next).u32();
      case FORM.implicit_const:
        return Number(abbrev.implicit[position]);
      default: {
        const value = this.valueAt(position);
        return value?.kind === 'constant' ? value.value : undefined;
      }
    }
  }

  /** A string, without making a value of it; undefined for other kinds and for what lies outside its section. */
  text(attribute: number): string | undefined {
    const { abbrev } = this.layout;
    const position = positionOf(abbrev, attribute);
    if (position < 0) return undefined;
    const { file, unit } = this;
    switch (abbrev.forms[position]) {
      case FORM.strp:
        return file.stringIn('str', this.#cursor.move(this.#place(position), this.next).sectionOffset(unit.dwarf64));
      case FORM.string:
        return file.stringIn(unit.section, this.#place(position));
      default:
        return file.text(this.valueAt(position), unit);
    }
  }

  /** Whether a string is a text, without decoding it. */
  textIs(attribute: number, text: string): boolean {
    const { abbrev } = this.layout;
    const position = positionOf(abbrev, attribute);
    if (position < 0) return false;
    if (abbrev.forms[position] !== FORM.strp) return this.text(attribute) === text;
    const { file, unit } = this;
    const start = this.#cursor.move(this.#place(position), this.next).sectionOffset(unit.dwarf64);
    return file.isString(start, text);
  }

  /** Offset of a string in .debug_str; -1 for strings in other places, and without the attribute. */
  textPlace(attribute: number): number {
    const { abbrev } = this.layout;
    const position = positionOf(abbrev, attribute);
    if (position < 0 || abbrev.forms[position] !== FORM.strp) return -1;
    return this.#cursor.move(this.#place(position), this.next).sectionOffset(this.unit.dwarf64);
  }

  /** Where a reference within the unit's own section leads; -1 without the attribute, -2 for references of other kinds. */
  reference(attribute: number): number {
    const { abbrev } = this.layout;
    const position = positionOf(abbrev, attribute);
    if (position < 0) return -1;
    if (abbrev.forms[position] === FORM.ref4)
      return this.unit.offset + this.#cursor.move(this.#place(position), this.next).u32();
    const value = this.valueAt(position);
    return value?.kind === 'reference' ? value.value : -2;
  }

  /** A flag; constants other than 0 count as set. */
  flag(attribute: number): boolean {
    const position = positionOf(this.layout.abbrev, attribute);
    if (position < 0) return false;
    if (this.layout.abbrev.forms[position] === FORM.flag_present) return true;
    const value = this.valueAt(position);
    return value?.kind === 'flag' ? value.value : value?.kind === 'constant' && value.value !== 0;
  }
}

/** The unit that holds an offset; units are in the order of the section. */
export function unitAt(units: readonly UnitHeader[], offset: number): UnitHeader | undefined {
  let low = 0;
  let high = units.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const unit = units[middle];
    if (unit === undefined) return undefined;
    if (offset < unit.offset) high = middle - 1;
    else if (offset >= unit.end) low = middle + 1;
    else return unit;
  }
  return undefined;
}
