import * as AT from '../../dwarf/at.ts';
import { type Die, MOST_CHILDREN } from '../../dwarf/file.ts';
import type { Layout } from '../../dwarf/layout.ts';
import { declaredAt } from '../../dwarf/line.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { Base, Member, Method, TypeNode } from '../model.ts';
import { flagOf } from './attributes.ts';
import { argumentsOfDeclared } from './declared-instances.ts';
import { baseOf, memberOf, variantsOf } from './members.ts';
import { isCompared, mayBeCompared, methodOf } from './methods.ts';
import { scopeOf } from './scope.ts';
import { classNameOf } from './template-names.ts';
import type { Making, TypeSource } from './type-source.ts';

type RecordNode = Extract<TypeNode, { kind: 'struct' | 'class' | 'union' }>;

function isPart(layout: Layout): boolean {
  switch (layout.tag) {
    case TAG.member:
    case TAG.inheritance:
    case TAG.variant_part:
      return true;
    case TAG.subprogram:
      return mayBeCompared(layout);
    default:
      return false;
  }
}

/**
 * A struct, class or union. Static members, template arguments and most member functions are not read: each of them that
 * matters to consumers is a symbol or part of the name, and what their types lead to would be most of the graph. Of an
 * instance that is only declared the arguments are all that there is.
 */
export function recordNode(die: Die, source: TypeSource): TypeNode {
  const members: Member[] = [];
  const bases: Base[] = [];
  const methods: Method[] = [];
  let part: Die | undefined;
  const name = classNameOf(die);
  const children = die.file.childrenWith(die, isPart);
  if (children.length >= MOST_CHILDREN) return TOO_LARGE;
  for (let at = 0; at < children.length; at += 1) {
    const child = children[at];
    switch (child?.tag) {
      case undefined:
        break;
      case TAG.member:
        if (!isStatic(child)) members.push(memberOf(child, source));
        break;
      case TAG.inheritance:
        bases.push(baseOf(child, source));
        break;
      case TAG.subprogram:
        if (isCompared(child, name)) methods.push(methodOf(child, source));
        break;
      default:
        part ??= child;
    }
  }
  const node: Making<RecordNode> = {
    kind: die.tag === TAG.union_type ? 'union' : die.tag === TAG.structure_type ? 'struct' : 'class',
    scope: scopeOf(die),
    language: source.languageOf(die),
    declaration: flagOf([die], AT.declaration),
    size: die.number(AT.byte_size) ?? 0,
    members,
    staticMembers: [],
    bases,
    methods,
    templateArguments: [],
  };
  if (name !== undefined) node.name = name;
  if (node.declaration && node.language === 'c++') node.templateArguments = argumentsOfDeclared(die, source);
  const alignment = die.number(AT.alignment);
  if (alignment !== undefined) node.alignment = alignment;
  if (part !== undefined) node.variants = variantsOf(part, source);
  const passing = die.number(AT.calling_convention);
  if (passing === PASS_BY_VALUE) node.passing = 'by-value';
  else if (passing === PASS_BY_REFERENCE) node.passing = 'by-reference';
  const declared = declaredAt(die);
  if (declared !== undefined) node.declared = declared;
  return node;
}

/** Half of the members would look as if the others were removed. */
export const TOO_LARGE: TypeNode = {
  kind: 'unknown',
  reason: `it has more than the ${MOST_CHILDREN} parts that are read`,
};

/** DW_CC_pass_by_reference and DW_CC_pass_by_value (DWARF 5 section 7.15). */
const PASS_BY_REFERENCE = 4;
const PASS_BY_VALUE = 5;

/** DWARF 2 to 4 describe static members as members with external or declaration. */
function isStatic(die: Die): boolean {
  return die.flag(AT.external) || die.flag(AT.declaration);
}
