import * as AT from '../../dwarf/at.ts';
import { type Die, MOST_CHILDREN } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { UnitHeader } from '../../dwarf/unit.ts';
import type { TypeId, TypeNode } from '../model.ts';
import { exactOf, typeOf } from './attributes.ts';
import { functionNode } from './function-node.ts';
import { optional } from './members.ts';
import { recordNode, TOO_LARGE } from './record-node.ts';
import { scopeOf } from './scope.ts';
import type { TypeSource } from './type-source.ts';

const isDimension = withTags(TAG.subrange_type, TAG.generic_subrange, TAG.enumeration_type);
const isEnumerator = withTags(TAG.enumerator);

/** The node of a type's entry. */
export function nodeOf(die: Die, source: TypeSource): TypeNode {
  const target = (): TypeId => source.idOfTypeOf(die);
  const size = die.number(AT.byte_size);
  switch (die.tag) {
    case TAG.base_type:
      return {
        kind: 'base',
        name: die.text(AT.name) ?? '',
        size: size ?? Math.ceil((die.number(AT.bit_size) ?? 0) / 8),
        encoding: encodingName(die.number(AT.encoding) ?? 0),
        ...optional('bitSize', die.number(AT.bit_size)),
      };
    case TAG.pointer_type:
      return { kind: 'pointer', target: target(), ...optional('size', size) };
    case TAG.reference_type:
      return { kind: 'reference', target: target(), ...optional('size', size) };
    case TAG.rvalue_reference_type:
      return { kind: 'rvalue-reference', target: target(), ...optional('size', size) };
    case TAG.const_type:
      return { kind: 'const', target: target() };
    case TAG.volatile_type:
      return { kind: 'volatile', target: target() };
    case TAG.restrict_type:
      return { kind: 'restrict', target: target() };
    case TAG.atomic_type:
      return { kind: 'atomic', target: target() };
    case TAG.shared_type:
      return { kind: 'shared', target: target() };
    case TAG.immutable_type:
      return { kind: 'immutable', target: target() };
    case TAG.typedef:
    case TAG.template_alias:
      return {
        kind: 'typedef',
        name: die.text(AT.name) ?? '',
        scope: scopeOf(die),
        target: target(),
        ...optional('alignment', die.number(AT.alignment) ?? (tellsAlignment(die) ? undefined : 0)),
        ...optional('declared', declaredAt(die)),
      };
    case TAG.array_type:
      return arrayNode(die, target());
    case TAG.ptr_to_member_type:
      return {
        kind: 'member-pointer',
        container: source.idOf(die.file.resolve(die.attributes.get(AT.containing_type), die.unit) ?? 'none'),
        target: target(),
      };
    case TAG.subroutine_type:
    case TAG.subprogram:
      return functionNode(die, source);
    case TAG.enumeration_type:
      return enumNode(die, source);
    case TAG.structure_type:
    case TAG.class_type:
    case TAG.interface_type:
    case TAG.union_type:
      return recordNode(die, source);
    case TAG.unspecified_type:
      return { kind: 'unspecified', name: die.text(AT.name) ?? '' };
    case TAG.subrange_type:
    case TAG.dynamic_type:
      return source.nodeAt(target()) ?? { kind: 'unknown', reason: 'a range without a type' };
    default:
      return { kind: 'unknown', reason: `an entry with tag 0x${die.tag.toString(16)} where a type is expected` };
  }
}

const telling = new WeakMap<UnitHeader, boolean>();

/** clang gives typedefs DW_AT_alignment in DWARF 5 only; gcc does as an extension before. */
function tellsAlignment({ unit, file }: Die): boolean {
  if (unit.version >= 5) return true;
  let tells = telling.get(unit);
  if (tells === undefined) {
    tells = file.root(unit)?.text(AT.producer)?.includes('clang') !== true;
    telling.set(unit, tells);
  }
  return tells;
}

function enumNode(die: Die, source: TypeSource): TypeNode {
  const enumerators = die.file.childrenWith(die, isEnumerator);
  if (enumerators.length >= MOST_CHILDREN) return TOO_LARGE;
  const size = die.number(AT.byte_size) ?? source.sizeOf(typeOf([die])) ?? 0;
  return {
    kind: 'enum',
    ...optional('name', die.text(AT.name)),
    scope: scopeOf(die),
    size,
    ...(die.has(AT.type) ? { underlying: source.idOfTypeOf(die) } : {}),
    scoped: die.flag(AT.enum_class),
    enumerators: enumerators.map((child) => ({
      name: child.text(AT.name) ?? '',
      value: exactOf(child.get(AT.const_value), false) ?? '',
    })),
    declaration: die.flag(AT.declaration),
    ...optional('declared', declaredAt(die)),
  };
}

function arrayNode(die: Die, element: TypeId): TypeNode {
  const dimensions = die.file.childrenWith(die, isDimension).map(dimensionOf);
  if (dimensions.some((count) => count !== undefined && count > Number.MAX_SAFE_INTEGER))
    return { kind: 'unknown', reason: 'an array of more elements than are counted exactly' };
  return { kind: 'array', element, dimensions, ...(die.flag(AT.GNU_vector) ? { vector: true } : {}) };
}

/** An upper bound of -1 in 64 bits, as a number that is near to it. */
const MINUS_ONE = 2 ** 64;

/** Elements of a dimension; undefined for flexible and variable ones. */
function dimensionOf(die: Die): number | undefined {
  const count = die.get(AT.count);
  if (count?.kind === 'constant') return count.value;
  const upper = die.get(AT.upper_bound);
  if (upper?.kind !== 'constant') return undefined;
  const lower = die.number(AT.lower_bound) ?? 0;
  // Old compilers write an upper bound of -1 for an array without elements or bound.
  const elements = upper.value - lower + 1;
  return elements >= MINUS_ONE || (upper.bytes === 4 && upper.value === 0xffffffff) ? undefined : elements;
}

/** DW_ATE codes (DWARF 5 section 7.8). */
function encodingName(code: number): string {
  const names: Readonly<Record<number, string>> = {
    1: 'address',
    2: 'boolean',
    3: 'complex-float',
    4: 'float',
    5: 'signed',
    6: 'signed-char',
    7: 'unsigned',
    8: 'unsigned-char',
    9: 'imaginary-float',
    10: 'packed-decimal',
    13: 'signed-fixed',
    14: 'unsigned-fixed',
    15: 'decimal-float',
    16: 'utf',
    17: 'ucs',
    18: 'ascii',
  };
  return names[code] ?? `encoding-${code}`;
}
