import * as AT from '../../dwarf/at.ts';
import { Cursor } from '../../dwarf/cursor.ts';
import type { Die } from '../../dwarf/file.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { AttributeValue } from '../../dwarf/value.ts';
import type { Access, Base, Member, Variants } from '../model.ts';
import { exactOf, nameOf, numberOf, typeOf } from './attributes.ts';
import type { Making, TypeSource } from './type-source.ts';

const OP_PLUS_UCONST = 0x23;

/** A member's place in bits, from any of the forms that DWARF 2 to 5 have for it (DWARF 5 section 5.7.6). */
export function memberOf(die: Die, source: TypeSource): Member {
  const bitSize = die.number(AT.bit_size);
  const name = die.text(AT.name);
  // The pointer to the virtual table is `_vptr.Shape` to gcc and `_vptr$Shape` to clang, and so is its type.
  const table = name?.startsWith('_vptr') === true && /^_vptr[.$]/.test(name);
  const member: Making<Member> = {
    type: table ? source.tablePointer() : source.idOfTypeOf(die),
    bitOffset: bitOffset(die, bitSize, () => die.number(AT.byte_size) ?? source.sizeOf(typeOf([die]))),
  };
  if (name !== undefined) member.name = table ? '_vptr' : name;
  if (bitSize !== undefined) member.bitSize = bitSize;
  const alignment = die.number(AT.alignment);
  if (alignment !== undefined) member.alignment = alignment;
  const access = accessOf([die]);
  if (access !== undefined) member.access = access;
  const declared = declaredAt(die);
  if (declared !== undefined) member.declared = declared;
  return member;
}

function bitOffset(die: Die, bitSize: number | undefined, storage: () => number | undefined): number {
  const direct = die.number(AT.data_bit_offset);
  if (direct !== undefined) return direct;
  const bytes = die.number(AT.data_member_location) ?? byteOffset(die.get(AT.data_member_location), die) ?? 0;
  if (bitSize === undefined) return bytes * 8;
  // Negative where a packed field begins in front of its storage unit; clang writes that as 64 bits without a sign.
  const exact = exactOf(die.attributes.get(AT.bit_offset), true);
  if (exact === undefined) return bytes * 8;
  const fromTop = Number(exact);
  // DWARF 2 and 3 count from the most significant bit of the storage unit.
  if (!die.file.sections.little) return bytes * 8 + fromTop;
  return bytes * 8 + (storage() ?? 0) * 8 - fromTop - bitSize;
}

/** Bytes of a DW_AT_data_member_location; undefined for the expression of a virtual base. */
function byteOffset(value: AttributeValue | undefined, die: Die): number | undefined {
  if (value?.kind === 'constant') return value.value;
  if (value?.kind !== 'block' || value.value[0] !== OP_PLUS_UCONST) return undefined;
  const cursor = new Cursor(value.value, die.file.sections.little, 1);
  const offset = cursor.uleb();
  return cursor.failed || !cursor.done ? undefined : offset;
}

export function baseOf(die: Die, source: TypeSource): Base {
  const virtual = (numberOf([die], AT.virtuality) ?? 0) !== 0;
  const offset = virtual ? undefined : (byteOffset(die.attributes.get(AT.data_member_location), die) ?? 0);
  return {
    type: source.idOfTypeOf(die),
    virtual,
    ...optional('offset', offset),
    ...optional('access', accessOf([die])),
  };
}

/** A Rust enum: which value of the discriminant selects which variant. */
export function variantsOf(part: Die, source: TypeSource): Variants {
  const children = part.file.children(part);
  const discriminant = part.file.resolve(part.attributes.get(AT.discr), part.unit);
  const variants = children
    .filter(({ tag }) => tag === TAG.variant)
    .flatMap((variant) => {
      const member = part.file.children(variant).find(({ tag }) => tag === TAG.member);
      if (member === undefined) return [];
      const value = exactOf(variant.attributes.get(AT.discr_value), false);
      return [{ ...optional('value', value), ...optional('name', nameOf([member])), member: memberOf(member, source) }];
    });
  return { ...(discriminant === undefined ? {} : { discriminant: memberOf(discriminant, source) }), variants };
}

export function accessOf(chain: readonly Die[]): Access | undefined {
  switch (numberOf(chain, AT.accessibility)) {
    case 1:
      return 'public';
    case 2:
      return 'protected';
    case 3:
      return 'private';
    default:
      return undefined;
  }
}

/** `{ [key]: value }`, or nothing when the value is undefined: absent fields stay absent. */
export function optional<const Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  const result: { [K in Key]?: Value } = {};
  if (value !== undefined) result[key] = value;
  return result;
}
