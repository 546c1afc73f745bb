import { positionOf } from '../../dwarf/abbrev.ts';
import * as AT from '../../dwarf/at.ts';
import { Cursor } from '../../dwarf/cursor.ts';
import type { Die } from '../../dwarf/file.ts';
import type { Layout } from '../../dwarf/layout.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { AttributeValue } from '../../dwarf/value.ts';
import type { Method } from '../model.ts';
import {
  attributeOf,
  chainOf,
  flagOf,
  holderOf,
  linkageNameOf,
  nameOf,
  numberOf,
  placeOf,
  typeOf,
} from './attributes.ts';
import { isParameter } from './function-node.ts';
import { accessOf } from './members.ts';
import type { Making, TypeSource } from './type-source.ts';

/** What can be told by the attributes alone: most member functions return something, constructors and destructors do not. */
export function mayBeCompared({ abbrev, link }: Layout): boolean {
  return link >= 0 || positionOf(abbrev, AT.type) < 0 || positionOf(abbrev, AT.virtuality) >= 0;
}

/**
 * Whether a comparison asks for a member function of a class: virtual ones make the table, and destructors and
 * constructors decide how values are passed. All others are called by their symbols, or are compiled into the consumer.
 * @param className the class's own, without its scope; a template's with or without its arguments
 */
export function isCompared(method: Die, className: string | undefined): boolean {
  if (method.has(AT.virtuality) || method.layout.link >= 0) return true;
  if (className === undefined) return false;
  const name = method.text(AT.name);
  if (name === undefined) return false;
  if (name.startsWith('~')) return true;
  return className.startsWith(plainName(name)) && copiesOrMoves(method);
}

/** Whether a constructor takes one reference. */
function copiesOrMoves(method: Die): boolean {
  let type: ReturnType<typeof typeOf> = 'none';
  let count = 0;
  for (const parameter of method.file.childrenWith(method, isParameter)) {
    if (parameter.flag(AT.artificial)) continue;
    count += 1;
    type = typeOf([parameter]);
  }
  return (
    count === 1 &&
    typeof type === 'object' &&
    (type.tag === TAG.reference_type || type.tag === TAG.rvalue_reference_type)
  );
}

function plainName(name: string): string {
  const at = name.indexOf('<');
  return at < 0 ? name : name.slice(0, at);
}

export function methodOf(die: Die, source: TypeSource): Method {
  const chain = chainOf(die);
  const virtuality = numberOf(chain, AT.virtuality) ?? 0;
  const location = attributeOf(chain, AT.vtable_elem_location);
  const method: Making<Method> = {
    name: nameOf(chain) ?? '',
    type: source.functionIdOf(die),
    virtual: virtuality === 2 ? 'pure' : virtuality === 1 ? 'virtual' : 'no',
    static: holderOf(chain, AT.object_pointer) === undefined && !hasThis(die),
  };
  const linkageName = linkageNameOf(chain);
  if (linkageName !== undefined) method.linkageName = linkageName;
  const slot = location === undefined ? undefined : slotOf(location.value, location.die);
  if (slot !== undefined) method.slot = slot;
  const access = accessOf(chain);
  if (access !== undefined) method.access = access;
  if (flagOf(chain, AT.deleted)) method.deleted = true;
  if (numberOf(chain, AT.defaulted)) method.defaulted = true;
  if (flagOf(chain, AT.explicit)) method.explicit = true;
  if (flagOf(chain, AT.artificial)) method.artificial = true;
  const declared = placeOf(chain);
  if (declared !== undefined) method.declared = declared;
  return method;
}

/** Producers without DW_AT_object_pointer on declarations mark the first parameter as artificial. */
function hasThis(die: Die): boolean {
  const first = die.file.childrenWith(die, isParameter).find(({ tag }) => tag === TAG.formal_parameter);
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
