import { Cursor } from './cursor.ts';
import type { DwarfSections, UnitHeader } from './unit.ts';
import { type AttributeValue, readValue } from './value.ts';

/** A decoded debugging information entry (DIE). */
export interface Entry {
  readonly unit: UnitHeader;
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: ReadonlyMap<number, AttributeValue>;
  /** Offset behind the attributes: the first child's when there are children, else the next sibling's. */
  readonly next: number;
}

/** A null entry, or undefined for one that cannot be read. */
export type EntryReading = Entry | 'null' | undefined;

export function sectionBytes(sections: DwarfSections, unit: UnitHeader): Uint8Array {
  return unit.section === 'info' ? sections.info : sections.types;
}

/** Decodes the entry at an offset of the unit's section. Undefined when it lies outside, is cut or has an unknown form. */
export function readEntry(sections: DwarfSections, unit: UnitHeader, offset: number): EntryReading {
  if (offset < unit.entries || offset >= unit.end) return undefined;
  const cursor = new Cursor(sectionBytes(sections, unit), sections.little, offset, unit.end);
  const code = cursor.uleb();
  if (cursor.failed) return undefined;
  if (code === 0) return 'null';
  const abbrev = unit.abbrevs.get(code);
  if (abbrev === undefined) return undefined;
  const attributes = new Map<number, AttributeValue>();
  const { forms } = abbrev;
  for (let at = 0; at < forms.length; at += 1) {
    const value = readValue(cursor, forms[at] ?? 0, abbrev.implicit[at] ?? 0, unit);
    if (value === undefined || cursor.failed) return undefined;
    attributes.set(abbrev.attributes[at] ?? 0, value);
  }
  return { unit, offset, tag: abbrev.tag, hasChildren: abbrev.children, attributes, next: cursor.offset };
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
