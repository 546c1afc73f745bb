import { type Cursor, isSafe } from './cursor.ts';
import * as FORM from './form.ts';
import type { UnitHeader } from './unit.ts';

/**
 * A decoded attribute value. Strings and addresses that lie in other sections stay as places, so that only those
 * that are shown or compared are looked up.
 */
export type AttributeValue =
  | { readonly kind: 'address'; readonly value: number }
  /** Index into .debug_addr. */
  | { readonly kind: 'address-index'; readonly value: number }
  /** data1 to data8, sdata, udata, implicit_const. Signedness of data1..8 is up to the attribute (section 7.5.5). */
  | {
      readonly kind: 'constant';
      readonly value: number;
      readonly big?: bigint;
      readonly bytes?: number;
      readonly signed: boolean;
    }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'string'; readonly section: 'inline' | 'str' | 'line-str' | 'alt'; readonly value: number }
  /** Index into .debug_str_offsets. */
  | { readonly kind: 'string-index'; readonly value: number }
  /** Offset of an entry in the unit's own section. */
  | { readonly kind: 'reference'; readonly value: number }
  /** Offset of an entry in .debug_info, possibly of another unit. */
  | { readonly kind: 'info-reference'; readonly value: number }
  | { readonly kind: 'alt-reference'; readonly value: number }
  | { readonly kind: 'signature'; readonly value: bigint }
  | { readonly kind: 'block'; readonly value: Uint8Array }
  | { readonly kind: 'section-offset'; readonly value: number }
  /** Index into .debug_loclists or .debug_rnglists. */
  | { readonly kind: 'list-index'; readonly value: number };

/** A LEB128 or implicit constant: exact in `value`, or else in `big`. */
function exact(value: number | bigint, signed: boolean): AttributeValue {
  return typeof value === 'number'
    ? { kind: 'constant', value, signed }
    : { kind: 'constant', value: Number(value), signed, big: value };
}

function constant(value: number, bytes: number): AttributeValue {
  return { kind: 'constant', value, bytes, signed: false };
}

/**
 * Reads one value (DWARF 5 section 7.5.6).
 * @param implicit the constant of DW_FORM_implicit_const
 * @returns undefined for a form that is not known: then the entry cannot be read any further
 */
export function readValue(
  cursor: Cursor,
  form: number,
  implicit: number | bigint,
  unit: UnitHeader,
): AttributeValue | undefined {
  switch (form) {
    case FORM.addr:
      return { kind: 'address', value: cursor.address(unit.addressSize) };
    case FORM.addrx:
    case FORM.GNU_addr_index:
      return { kind: 'address-index', value: cursor.uleb() };
    case FORM.addrx1:
      return { kind: 'address-index', value: cursor.u8() };
    case FORM.addrx2:
      return { kind: 'address-index', value: cursor.u16() };
    case FORM.addrx3:
      return { kind: 'address-index', value: cursor.u24() };
    case FORM.addrx4:
      return { kind: 'address-index', value: cursor.u32() };
    case FORM.data1:
      return constant(cursor.u8(), 1);
    case FORM.data2:
      return constant(cursor.u16(), 2);
    case FORM.data4:
      return constant(cursor.u32(), 4);
    case FORM.data8: {
      const value = cursor.big64();
      return {
        kind: 'constant',
        value: Number(value),
        bytes: 8,
        signed: false,
        ...(isSafe(value) ? {} : { big: value }),
      };
    }
    case FORM.data16:
      return { kind: 'block', value: cursor.block(16) };
    case FORM.sdata:
      return exact(cursor.sleb(), true);
    case FORM.udata:
      return exact(cursor.ulebExact(), false);
    case FORM.implicit_const:
      return exact(implicit, true);
    case FORM.flag:
      return { kind: 'flag', value: cursor.u8() !== 0 };
    case FORM.flag_present:
      return { kind: 'flag', value: true };
    case FORM.string: {
      const value = cursor.offset;
      cursor.skipString();
      return { kind: 'string', section: 'inline', value };
    }
    case FORM.strp:
      return { kind: 'string', section: 'str', value: cursor.sectionOffset(unit.dwarf64) };
    case FORM.line_strp:
      return { kind: 'string', section: 'line-str', value: cursor.sectionOffset(unit.dwarf64) };
    case FORM.strp_sup:
    case FORM.GNU_strp_alt:
      return { kind: 'string', section: 'alt', value: cursor.sectionOffset(unit.dwarf64) };
    case FORM.strx:
    case FORM.GNU_str_index:
      return { kind: 'string-index', value: cursor.uleb() };
    case FORM.strx1:
      return { kind: 'string-index', value: cursor.u8() };
    case FORM.strx2:
      return { kind: 'string-index', value: cursor.u16() };
    case FORM.strx3:
      return { kind: 'string-index', value: cursor.u24() };
    case FORM.strx4:
      return { kind: 'string-index', value: cursor.u32() };
    case FORM.ref1:
      return { kind: 'reference', value: unit.offset + cursor.u8() };
    case FORM.ref2:
      return { kind: 'reference', value: unit.offset + cursor.u16() };
    case FORM.ref4:
      return { kind: 'reference', value: unit.offset + cursor.u32() };
    case FORM.ref8:
      return { kind: 'reference', value: unit.offset + cursor.u64() };
    case FORM.ref_udata:
      return { kind: 'reference', value: unit.offset + cursor.uleb() };
    case FORM.ref_addr:
      return {
        kind: 'info-reference',
        value: unit.version <= 2 ? cursor.address(unit.addressSize) : cursor.sectionOffset(unit.dwarf64),
      };
    case FORM.ref_sup4:
      return { kind: 'alt-reference', value: cursor.u32() };
    case FORM.ref_sup8:
      return { kind: 'alt-reference', value: cursor.u64() };
    case FORM.GNU_ref_alt:
      return { kind: 'alt-reference', value: cursor.sectionOffset(unit.dwarf64) };
    case FORM.ref_sig8:
      return { kind: 'signature', value: cursor.big64() };
    case FORM.block1:
      return { kind: 'block', value: cursor.block(cursor.u8()) };
    case FORM.block2:
      return { kind: 'block', value: cursor.block(cursor.u16()) };
    case FORM.block4:
      return { kind: 'block', value: cursor.block(cursor.u32()) };
    case FORM.block:
    case FORM.exprloc:
      return { kind: 'block', value: cursor.block(cursor.uleb()) };
    case FORM.sec_offset:
      return { kind: 'section-offset', value: cursor.sectionOffset(unit.dwarf64) };
    case FORM.loclistx:
    case FORM.rnglistx:
      return { kind: 'list-index', value: cursor.uleb() };
    case FORM.indirect: {
      const inner = cursor.uleb();
      return inner === FORM.indirect || inner === FORM.implicit_const ? undefined : readValue(cursor, inner, 0, unit);
    }
    default:
      return undefined;
  }
}
