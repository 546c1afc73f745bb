import * as AT from './at.ts';
import { Cursor } from './cursor.ts';
import type { Die } from './entry.ts';
import type { DwarfFile } from './file.ts';
import type { UnitHeader } from './unit.ts';
import type { AttributeValue } from './value.ts';

/** DW_RLE codes (DWARF 5 section 7.25). */
const RLE = {
  end_of_list: 0,
  base_addressx: 1,
  startx_endx: 2,
  startx_length: 3,
  offset_pair: 4,
  base_address: 5,
  start_end: 6,
  start_length: 7,
} as const;

/** Compilers split a function into two or three parts. */
const MAX_RANGES = 64;

/**
 * Addresses at which the code of a function begins: DW_AT_low_pc or DW_AT_entry_pc, else the start of each of its
 * ranges, since a function that was split into hot and cold parts has nothing else.
 */
export function entryAddresses(die: Die): readonly number[] {
  const { file, unit } = die;
  const low = file.address(die.get(AT.low_pc), unit);
  if (low !== undefined) return [low];
  const entry = file.address(die.get(AT.entry_pc), unit);
  return entry === undefined ? rangeStarts(file, unit, die.get(AT.ranges)) : [entry];
}

/** Start addresses of the ranges that a DW_AT_ranges value leads to. */
export function rangeStarts(file: DwarfFile, unit: UnitHeader, value: AttributeValue | undefined): readonly number[] {
  const base = baseAddress(file, unit);
  if (unit.version < 5) {
    return value?.kind === 'section-offset' || value?.kind === 'constant'
      ? oldRanges(file, unit, value.value, base)
      : [];
  }
  if (value?.kind === 'section-offset') return lists(file, unit, value.value, base);
  if (value?.kind !== 'list-index') return [];
  const { rnglists, little } = file.sections;
  const width = unit.dwarf64 ? 8 : 4;
  // DW_AT_rnglists_base leads behind a header, to the table of offsets; split units have none (section 7.3.2.2).
  const given = file.root(unit)?.get(AT.rnglists_base);
  const start =
    given?.kind === 'section-offset' && !file.split
      ? given.value
      : (unit.contribution?.rnglists ?? 0) + (unit.dwarf64 ? 20 : 12);
  const cursor = new Cursor(rnglists, little, start + value.value * width);
  const offset = cursor.sectionOffset(unit.dwarf64);
  return cursor.failed ? [] : lists(file, unit, start + offset, base);
}

function baseAddress(file: DwarfFile, unit: UnitHeader): number {
  const holder = file.skeletonOf(unit) ?? { file, unit };
  return holder.file.address(holder.file.root(holder.unit)?.get(AT.low_pc), holder.unit) ?? 0;
}

/** .debug_ranges: pairs of addresses relative to a base (DWARF 4 section 2.17.3). */
function oldRanges(file: DwarfFile, unit: UnitHeader, offset: number, first: number): readonly number[] {
  const skeleton = file.skeletonOf(unit);
  const added = skeleton?.file.root(skeleton.unit)?.get(AT.GNU_ranges_base);
  const { ranges, little } = (skeleton?.file ?? file).sections;
  const cursor = new Cursor(ranges, little, offset + (added?.kind === 'section-offset' ? added.value : 0));
  const largest = unit.addressSize === 8 ? 2 ** 64 : 2 ** (unit.addressSize * 8) - 1;
  const starts: number[] = [];
  let base = first;
  while (starts.length < MAX_RANGES) {
    const start = cursor.address(unit.addressSize);
    const end = cursor.address(unit.addressSize);
    if (cursor.failed || (start === 0 && end === 0)) break;
    // All bits set: the other number is the new base. A double rounds 2^64-1 to 2^64.
    if (start === largest) base = end;
    else if (start !== end) starts.push(base + start);
  }
  return starts;
}

/** .debug_rnglists (DWARF 5 section 2.17.3). */
function lists(file: DwarfFile, unit: UnitHeader, offset: number, first: number): readonly number[] {
  const { rnglists, little } = file.sections;
  const cursor = new Cursor(rnglists, little, offset);
  const address = (): number => cursor.address(unit.addressSize);
  const indexed = (): number => file.indexedAddress(cursor.uleb(), unit) ?? Number.NaN;
  const starts: number[] = [];
  let base = first;
  for (let entries = 0; entries < MAX_RANGES && !cursor.failed; entries += 1) {
    switch (cursor.u8()) {
      case RLE.base_addressx:
        base = indexed();
        break;
      case RLE.base_address:
        base = address();
        break;
      case RLE.startx_endx:
      case RLE.startx_length:
        starts.push(indexed());
        cursor.skipLeb();
        break;
      case RLE.offset_pair:
        starts.push(base + cursor.uleb());
        cursor.skipLeb();
        break;
      case RLE.start_end:
        starts.push(address());
        address();
        break;
      case RLE.start_length:
        starts.push(address());
        cursor.skipLeb();
        break;
      default:
        return starts; // the end, or a code that is not known
    }
  }
  return starts;
}
