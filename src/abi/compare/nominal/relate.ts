import { isOfMain } from '../../go/private.ts';
import { goTypeText } from '../../go/type-text.ts';
import type { Member, TypeId, TypeNode } from '../../model.ts';
import { qualifiedName } from '../../names.ts';
import type { EdgeKind } from '../change.ts';
import type { Graphs, PlaceChange, Relation, TypePair } from '../relation.ts';

/** Unnamed types in unnamed types; sources have a handful of levels. */
const MAX_DEPTH = 64;
/** Unnamed types that are looked at for one place, and for all places of a comparison. */
const MAX_STEPS = 10_000;
const MAX_STEPS_TOGETHER = 5_000_000;

const taken = new WeakMap<Graphs, number>();

/** Why two types are not the same one; undefined when they are, as far as names and their unnamed parts tell. */
type Difference = Pick<PlaceChange, 'kind' | 'effect' | 'why'> | undefined;

interface Walk {
  readonly graphs: Graphs;
  readonly pairs: TypePair[];
  steps: number;
}

/**
 * Compares two types of Go at one place. Types without a name are the same when all of their parts are (Go
 * specification, type identity), so they are gone through; a type with a name is the same when its package and name
 * are, and what it is made of is compared once, as a pair of its own.
 */
export function relateNominal(graphs: Graphs, old: TypeId, now: TypeId): Relation {
  const walk: Walk = { graphs, pairs: [], steps: 0 };
  const before = taken.get(graphs) ?? 0;
  const exhausted = before > MAX_STEPS_TOGETHER;
  const found = exhausted ? unreadable('there are too many types') : difference(walk, old, now, 'value', 0);
  taken.set(graphs, before + walk.steps);
  if (found === undefined) return { pairs: walk.pairs };
  const [was, is] = [goTypeText(graphs.old, old), goTypeText(graphs.new, now)];
  const alike = was === is;
  return {
    change: {
      ...found,
      old: alike ? goTypeText(graphs.old, old, 'path') : was,
      new: alike ? goTypeText(graphs.new, now, 'path') : is,
    },
    pairs: walk.pairs,
  };
}

function difference(walk: Walk, old: TypeId, now: TypeId, through: EdgeKind, depth: number): Difference {
  const { graphs } = walk;
  const [a, b] = [graphs.old.nodes[old], graphs.new.nodes[now]];
  walk.steps += 1;
  if (a === undefined || b === undefined) return unreadable('it leads to a type that is not there');
  if (a.kind === 'unknown' || b.kind === 'unknown') {
    const reasons = [a, b].flatMap((node) => (node.kind === 'unknown' ? [node.reason] : []));
    return unreadable(`its type could not be read: ${[...new Set(reasons)].join('; ')}`);
  }
  if (depth > MAX_DEPTH || walk.steps > MAX_STEPS) return unreadable('its type nests too deeply');
  const [one, other] = [nameOf(a), nameOf(b)];
  if (one !== undefined || other !== undefined) {
    // Whatever a plugin calls the types of its package main, no host knows them.
    if (isOfMain(a) && isOfMain(b)) walk.pairs.push({ old, new: now, through });
    else if (one !== other) return replaced(namesDiffer(a, b));
    else if (a.kind !== 'base') walk.pairs.push({ old, new: now, through });
    return undefined;
  }
  return unnamed(walk, a, b, through, depth);
}

/** Package and name of a type that has them; of predeclared types, the name. */
function nameOf(node: TypeNode): string | undefined {
  if (node.kind === 'base' || node.kind === 'typedef') return qualifiedName(node);
  return node.kind === 'struct' && node.name !== undefined ? qualifiedName(node) : undefined;
}

function namesDiffer(a: TypeNode, b: TypeNode): string {
  const isSame = 'scope' in a && 'scope' in b && a.scope !== b.scope && a.name === b.name;
  return isSame
    ? `the type is that of the package ${b.scope} now, before that of ${a.scope}`
    : 'another type stands there';
}

function unnamed(walk: Walk, a: TypeNode, b: TypeNode, through: EdgeKind, depth: number): Difference {
  const below = (old: TypeId, now: TypeId, by: EdgeKind = 'pointer'): Difference =>
    difference(walk, old, now, by, depth + 1);
  if (a.kind === 'void' && b.kind === 'void') return undefined;
  if (a.kind === 'pointer' && b.kind === 'pointer') return below(a.target, b.target);
  if (a.kind === 'slice' && b.kind === 'slice') return below(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') return below(a.key, b.key) ?? below(a.value, b.value);
  if (a.kind === 'channel' && b.kind === 'channel') {
    if (a.direction !== b.direction) return replaced('the direction of the channel changed');
    return below(a.element, b.element);
  }
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.dimensions.join() !== b.dimensions.join()) return replaced('the number of elements changed');
    return below(a.element, b.element, through);
  }
  if (a.kind === 'function' && b.kind === 'function') return functions(a, b, below);
  if (a.kind === 'struct' && b.kind === 'struct') {
    const [ones, others] = [a.goMethods, b.goMethods];
    if (ones === undefined && others === undefined) return structs(a.members, b.members, below);
    return interfaces(ones ?? [], others ?? [], below);
  }
  return replaced('another kind of type stands there');
}

type Below = (old: TypeId, now: TypeId, by?: EdgeKind) => Difference;
type FunctionNode = Extract<TypeNode, { kind: 'function' }>;

function functions(a: FunctionNode, b: FunctionNode, below: Below): Difference {
  const [results, others] = [a.results ?? [], b.results ?? []];
  if (a.parameters.length !== b.parameters.length) {
    return replaced(`the number of parameters changed from ${a.parameters.length} to ${b.parameters.length}`);
  }
  if (a.variadic !== b.variadic) return replaced(b.variadic ? 'it became variadic' : 'it is no longer variadic');
  if (results.length !== others.length) {
    return replaced(`the number of results changed from ${results.length} to ${others.length}`);
  }
  return worst([
    ...a.parameters.map(({ type }, at) => below(type, b.parameters[at]?.type ?? -1)),
    ...results.map((type, at) => below(type, others[at] ?? -1)),
  ]);
}

function structs(a: readonly Member[], b: readonly Member[], below: Below): Difference {
  if (a.length !== b.length) return replaced(`the number of fields changed from ${a.length} to ${b.length}`);
  return worst(
    a.map((field, at) => {
      const other = b[at];
      if (other === undefined || field.name !== other.name)
        return replaced(`field ${field.name} is ${other?.name} now`);
      if (field.tag !== other.tag) return replaced(`the tag of field ${field.name} changed`);
      if (field.embedded !== other.embedded) return replaced(`field ${field.name} is embedded in one of them only`);
      return below(field.type, other.type, 'value');
    }),
  );
}

type Methods = readonly { readonly name: string; readonly type: TypeId }[];

function interfaces(a: Methods, b: Methods, below: Below): Difference {
  const now = new Map(b.map((method) => [method.name, method.type]));
  const before = new Set(a.map(({ name }) => name));
  const added = b.find(({ name }) => !before.has(name));
  if (added !== undefined) return replaced(`the interface has the method ${added.name} now`);
  return worst(
    a.map(({ name, type }) => {
      const other = now.get(name);
      return other === undefined ? replaced(`the interface has no method ${name} now`) : below(type, other);
    }),
  );
}

/** What is known to differ counts more than what could not be read; all parts are gone through for their pairs. */
function worst(all: readonly Difference[]): Difference {
  const found = all.filter((one) => one !== undefined);
  return found.find(({ kind }) => kind === 'replaced') ?? found[0];
}

function replaced(why: string): Difference {
  return { kind: 'replaced', effect: 'breaking', why };
}

function unreadable(why: string): Difference {
  return { kind: 'unreadable', effect: 'undecided', why };
}

export function isNominal({ old, new: now }: Graphs): boolean {
  return old.nominal === true && now.nominal === true;
}
