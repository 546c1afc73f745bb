import * as AT from '../../dwarf/at.ts';
import type { Die } from '../../dwarf/file.ts';
import { withTags } from '../../dwarf/layout.ts';
import * as TAG from '../../dwarf/tag.ts';
import type { TypeId, TypeNode } from '../model.ts';
import { chainOf, flagOf, holderOf, nameOf, numberOf, typeOf } from './attributes.ts';
import type { Making, TypeSource } from './type-source.ts';

type FunctionNode = Extract<TypeNode, { kind: 'function' }>;
type Parameter = FunctionNode['parameters'][number];

/** What a function type is made of. */
export const isParameter = withTags(
  TAG.formal_parameter,
  TAG.unspecified_parameters,
  // gcc puts each pack of parameters into an entry of its own.
  TAG.GNU_formal_parameter_pack,
);

/** The type of a function, from its own entry or from that of a pointer's target. */
export function functionNode(die: Die, source: TypeSource): FunctionNode {
  const chain = chainOf(die);
  const parameters: Parameter[] = [];
  const results: TypeId[] = [];
  let variadic = false;
  const children = parametersOf(chain);
  for (let at = 0; at < children.length; at += 1) {
    const child = children[at];
    if (child?.tag === TAG.unspecified_parameters) variadic = true;
    if (child?.tag !== TAG.formal_parameter) continue;
    const parameter = chainOf(child);
    const hidden = flagOf(parameter, AT.artificial);
    const type = hidden ? withoutConst(parameter, source) : idOfTypeIn(parameter, source);
    // Go marks results so.
    if (flagOf(parameter, AT.variable_parameter)) results.push(type);
    // Of what compilers add, only `this` is told by all of them: gcc has flags and tables of constructors as well.
    else if (!hidden || parameters.length === 0) {
      const made: Making<Parameter> = { type };
      const name = nameOf(parameter);
      if (name !== undefined) made.name = name;
      if (hidden) made.artificial = true;
      parameters.push(made);
    }
  }
  const node: Making<FunctionNode> = {
    kind: 'function',
    result: idOfTypeIn(chain, source),
    parameters,
    variadic,
    prototyped: flagOf(chain, AT.prototyped),
  };
  const callingConvention = numberOf(chain, AT.calling_convention);
  if (callingConvention !== undefined) node.callingConvention = callingConvention;
  if (results.length > 0) node.results = results;
  return node;
}

/** The id of the type that the first of a chain names that names one. */
export function idOfTypeIn(chain: readonly Die[], source: TypeSource): TypeId {
  const holder = holderOf(chain, AT.type);
  return holder === undefined ? source.idOf('none') : source.idOfTypeOf(holder);
}

/** gcc writes `S *const this`. */
function withoutConst(parameter: readonly Die[], source: TypeSource): TypeId {
  const type = typeOf(parameter);
  return typeof type === 'object' && type.tag === TAG.const_type ? source.idOfTypeOf(type) : source.idOf(type);
}

/** A definition without parameters of its own (an abstract instance elsewhere) takes those of its declaration. */
function parametersOf(chain: readonly Die[]): readonly Die[] {
  let first: readonly Die[] = [];
  for (let at = 0; at < chain.length; at += 1) {
    const die = chain[at];
    const children = die === undefined ? first : die.file.childrenWith(die, isParameter);
    if (at === 0) first = children;
    if (hasTag(children, TAG.formal_parameter)) return spread(children);
  }
  return spread(first);
}

function hasTag(children: readonly Die[], tag: number): boolean {
  for (let at = 0; at < children.length; at += 1) if (children[at]?.tag === tag) return true;
  return false;
}

function spread(children: readonly Die[]): readonly Die[] {
  if (!hasTag(children, TAG.GNU_formal_parameter_pack)) return children;
  return children.flatMap((child) =>
    child.tag === TAG.GNU_formal_parameter_pack ? child.file.children(child) : [child],
  );
}
