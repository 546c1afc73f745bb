import { AT, TAG } from '../../dwarf/constants.ts';
import { Cursor } from '../../dwarf/cursor.ts';
import type { Die } from '../../dwarf/file.ts';
import type { AttributeValue } from '../../dwarf/value.ts';
import type { Access, Base, Member, Method, TypeId, Variants } from '../model.ts';
import {
  attributeOf,
  chainOf,
  exactOf,
  flagOf,
  linkageNameOf,
  nameOf,
  numberOf,
  placeOf,
  typeOf,
} from './attributes.ts';

/** What the parts of a record need from the builder of the graph. */
export interface TypeSource {
  /** The id of the type that an entry's DW_AT_type names. */
  readonly idOf: (type: Die | 'none' | 'unreadable') => TypeId;
  /** The id of the type of pointers to virtual tables, one for all compilers. */
  readonly tablePointer: () => TypeId;
  /** The id of the function type that a subprogram entry describes. */
  readonly functionIdOf: (subprogram: Die) => TypeId;
  /** Bytes of a type, following qualifiers and typedefs; for bit-fields of DWARF 2 to 4. */
  readonly sizeOf: (type: Die | 'none' | 'unreadable') => number | undefined;
}

const OP_PLUS_UCONST = 0x23;

/** A member's place in bits, from any of the forms that DWARF 2 to 5 have for it (DWARF 5 section 5.7.6). */
export function memberOf(die: Die, source: TypeSource): Member {
  const chain = [die];
  const type = typeOf(chain);
  const bitSize = numberOf(chain, AT.bit_size);
  const name = nameOf(chain);
  // The pointer to the virtual table is `_vptr.Shape` to gcc and `_vptr$Shape` to clang, and so is its type.
  const table = name !== undefined && /^_vptr[.$]/.test(name);
  return {
    ...optional('name', table ? '_vptr' : name),
    type: table ? source.tablePointer() : source.idOf(type),
    bitOffset: bitOffset(die, bitSize, () => numberOf(chain, AT.byte_size) ?? source.sizeOf(type)),
    ...optional('bitSize', bitSize),
    ...optional('alignment', numberOf(chain, AT.alignment)),
    ...optional('access', accessOf(chain)),
    ...optional('declared', placeOf(chain)),
  };
}

function bitOffset(die: Die, bitSize: number | undefined, storage: () => number | undefined): number {
  const direct = numberOf([die], AT.data_bit_offset);
  if (direct !== undefined) return direct;
  const bytes = byteOffset(die.attributes.get(AT.data_member_location), die) ?? 0;
  // Negative where a packed field begins in front of its storage unit; clang writes that as 64 bits without a sign.
  const exact = exactOf(die.attributes.get(AT.bit_offset), true);
  if (exact === undefined || bitSize === undefined) return bytes * 8;
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
    type: source.idOf(typeOf([die])),
    virtual,
    ...optional('offset', offset),
    ...optional('access', accessOf([die])),
  };
}

export function methodOf(die: Die, source: TypeSource): Method {
  const chain = chainOf(die);
  const virtuality = numberOf(chain, AT.virtuality) ?? 0;
  const location = attributeOf(chain, AT.vtable_elem_location);
  return {
    name: nameOf(chain) ?? '',
    ...optional('linkageName', linkageNameOf(chain)),
    type: source.functionIdOf(die),
    virtual: virtuality === 2 ? 'pure' : virtuality === 1 ? 'virtual' : 'no',
    ...optional('slot', location === undefined ? undefined : slotOf(location.value, location.die)),
    ...optional('access', accessOf(chain)),
    static: attributeOf(chain, AT.object_pointer) === undefined && !hasThis(die),
    ...(flagOf(chain, AT.deleted) ? { deleted: true } : {}),
    ...(numberOf(chain, AT.defaulted) ? { defaulted: true } : {}),
    ...(flagOf(chain, AT.explicit) ? { explicit: true } : {}),
    ...(flagOf(chain, AT.artificial) ? { artificial: true } : {}),
    ...optional('declared', placeOf(chain)),
  };
}

/** Producers without DW_AT_object_pointer on declarations mark the first parameter as artificial. */
function hasThis(die: Die): boolean {
  const first = die.file.children(die).find(({ tag }) => tag === TAG.formal_parameter);
  return first !== undefined && flagOf([first], AT.artificial);
}

/** DW_OP_constu N is what gcc and clang emit; a plain constant is allowed too. */
function slotOf(value: AttributeValue, die: Die): number | undefined {
  if (value.kind === 'constant') return value.value;
  if (value.kind !== 'block') return undefined;
  const cursor = new Cursor(value.value, die.file.sections.little);
  const operation = cursor.u8();
  if (operation >= 0x30 && operation <= 0x4f) return operation - 0x30; // DW_OP_lit0 to lit31
  if (operation === 0x08) return cursor.u8(); // DW_OP_const1u
  if (operation === 0x0a) return cursor.u16(); // DW_OP_const2u
  if (operation === 0x10) return cursor.uleb(); // DW_OP_constu
  return undefined;
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

function accessOf(chain: readonly Die[]): Access | undefined {
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
