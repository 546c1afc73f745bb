import type { Effect } from '../../rules/finding.ts';
import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName, typeName } from '../names.ts';
import type { Alias, EdgeKind } from './change.ts';
import { compareNodes, type Verdict } from './compare-nodes.ts';
import { isNominal, relateNominal } from './nominal/relate.ts';
import { PairMap } from './pair-map.ts';
import { type Peeled, peel } from './peel.ts';
import { type Position, qualifierChange } from './qualifiers.ts';
import type { Graphs, Relation, TypePair } from './relation.ts';
import { haveSameName, typedefName } from './same-name.ts';
import { alignmentAtPlace, demandedAlignment } from './typedef-alignment.ts';

/** Pointers to pointers to arrays and so on. */
const MAX_DEPTH = 64;

type Relations = Readonly<Record<Position, PairMap<Relation>>>;

const known = new WeakMap<Graphs, Relations>();

/** Compares two types at one place, through typedefs, pointers and arrays, down to the next named node. */
export function relate(graphs: Graphs, old: TypeId, now: TypeId, position: Position = 'member'): Relation {
  let relations = known.get(graphs);
  if (relations === undefined) {
    const made = (): PairMap<Relation> => new PairMap(graphs.old.nodes.length);
    relations = { parameter: made(), result: made(), member: made(), variable: made() };
    known.set(graphs, relations);
  }
  const before = relations[position].get(old, now);
  if (before !== undefined) return before;
  const relation = isNominal(graphs) ? relateNominal(graphs, old, now) : relateAnew(graphs, old, now, position);
  relations[position].set(old, now, relation);
  return relation;
}

function relateAnew(graphs: Graphs, old: TypeId, now: TypeId, position: Position): Relation {
  let oldId = old;
  let newId = now;
  let through: EdgeKind = 'value';
  let pointers = 0;
  let array: readonly [Peeled, Peeled] | undefined;
  let anchor: TypePair | undefined;
  let qualifier: Verdict | undefined;
  let alias: Alias | undefined;
  const pairs: TypePair[] = [];
  const conclude = (verdict: Verdict | undefined): Relation => {
    const change = worse(verdict, qualifier);
    if (change === undefined) return { pairs };
    return { change: { ...change, old: typeName(graphs.old, old), new: typeName(graphs.new, now) }, pairs };
  };
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const before = peel(graphs.old, oldId);
    const after = peel(graphs.new, newId);
    if (before.node.kind === 'unknown' || after.node.kind === 'unknown') {
      const reason = [before.node, after.node].map((node) => (node.kind === 'unknown' ? node.reason : ''));
      const why = `its type could not be read: ${[...new Set(reason)].filter((text) => text !== '').join('; ')}`;
      return conclude({ kind: 'unreadable', effect: 'undecided', why });
    }
    const common = commonTypedef(graphs, before, after, through);
    anchor = common ?? anchor;
    // A value that is passed is a copy, which each side puts where it wants to.
    const aligned = pointers > 0 || isStored(position) ? demandedAlignment(graphs, oldId, newId) : undefined;
    if (aligned !== undefined) {
      if (common !== undefined && demandedAlignment(graphs, common.old, common.new) !== undefined) pairs.push(common);
      else qualifier = worse<Verdict>(alignmentAtPlace(aligned, position), qualifier);
    }
    // Qualifiers of an array are those of its elements: compilers put them on either.
    const step = compareNodes(graphs, before, after, { pointers, position });
    if (step.is !== 'below' || step.pointer) {
      qualifier = worse<Verdict>(
        qualifierChange(merged(before, array?.[0]), merged(after, array?.[1]), position, pointers),
        qualifier,
      );
    }
    switch (step.is) {
      case 'same':
        return conclude(undefined);
      case 'pair': {
        // The typedef of a callback mostly names the pointer to it.
        const pointed = after.node.kind === 'function' ? alias : undefined;
        alias = aliasOf(graphs.new, after) ?? pointed;
        pairs.push({ old: before.id, new: after.id, through, ...(alias === undefined ? {} : { alias }) });
        return conclude(step.renamed);
      }
      case 'changed':
        // Both have a typedef of one name here: what changed is that type, wherever it is used.
        if (anchor === undefined || step.verdict.kind === 'unreadable') return conclude(step.verdict);
        pairs.push(anchor);
        return conclude(undefined);
      case 'below':
        array = step.pointer
          ? undefined
          : [merged(merged(before, array?.[0]), step.arrays?.[0]), merged(merged(after, array?.[1]), step.arrays?.[1])];
        if (step.pointer) {
          through = 'pointer';
          alias = aliasOf(graphs.new, after);
          pointers += 1;
          const container = containerPair(before.node, after.node);
          if (container !== undefined) pairs.push(container);
        }
        oldId = step.old;
        newId = step.new;
    }
  }
  return conclude({ kind: 'unreadable', effect: 'undecided', why: 'its type nests too deeply' });
}

function isStored(position: Position): boolean {
  return position === 'member' || position === 'variable';
}

const RANK: readonly Effect[] = ['compatible', 'risky', 'source-breaking', 'undecided', 'breaking'];

function worse<T extends { readonly effect: Effect }>(one: T | undefined, other: T | undefined): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return RANK.indexOf(other.effect) > RANK.indexOf(one.effect) ? other : one;
}

function merged(peeled: Peeled, outer: Pick<Peeled, 'const' | 'volatile'> | undefined): Peeled {
  if (outer === undefined) return peeled;
  return { ...peeled, const: peeled.const || outer.const, volatile: peeled.volatile || outer.volatile };
}

/** The innermost typedef that both types have at this level. */
function commonTypedef(graphs: Graphs, before: Peeled, after: Peeled, through: EdgeKind): TypePair | undefined {
  if (before.typedefs.length === 0 || after.typedefs.length === 0) return undefined;
  const last = before.typedefs.at(-1) ?? -1;
  const lastNow = after.typedefs.at(-1) ?? -1;
  const a = graphs.old.nodes[last];
  const b = graphs.new.nodes[lastNow];
  if (a !== undefined && b !== undefined && haveSameName(a, b)) return { old: last, new: lastNow, through };
  const names = new Map(after.typedefs.map((id) => [typedefName(graphs.new, id), id]));
  for (let at = before.typedefs.length - 1; at >= 0; at -= 1) {
    const id = before.typedefs[at] ?? -1;
    const other = names.get(typedefName(graphs.old, id));
    if (other !== undefined) return { old: id, new: other, through };
  }
  return undefined;
}

/** What sources call an anonymous type or a function type. */
function aliasOf(graph: TypeGraph, { node, typedefs }: Peeled): Alias | undefined {
  if ('name' in node && node.name !== undefined) return undefined;
  const typedef = graph.nodes[typedefs.at(-1) ?? -1];
  if (typedef?.kind !== 'typedef') return undefined;
  return { name: qualifiedName(typedef), ...(typedef.declared === undefined ? {} : { declared: typedef.declared }) };
}

function containerPair(a: TypeNode, b: TypeNode): TypePair | undefined {
  if (a.kind !== 'member-pointer' || b.kind !== 'member-pointer') return undefined;
  return { old: a.container, new: b.container, through: 'pointer' };
}
