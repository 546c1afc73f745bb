import type { Effect } from '../../rules/finding.ts';
import { sameInstance } from '../cxx/instance-names.ts';
import { isOtherLibraryAbi } from '../cxx/string-abi.ts';
import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName, typeName } from '../names.ts';
import { isAcrossLanguages, isOpaqueBinding, isRustVoid, isStandardWrapper, soleValue } from '../rust/foreign.ts';
import { pointerOfOption } from '../rust/nullable.ts';
import type { Alias, EdgeKind } from './change.ts';
import { isNominal, relateNominal } from './nominal/relate.ts';
import { compareNumbers, isInteger } from './numbers.ts';
import { PairMap } from './pair-map.ts';
import { type Peeled, peel, sizeOf, type WholeArray, wholeArray } from './peel.ts';
import { type Position, qualifierChange } from './qualifiers.ts';
import { alignmentAtPlace, demandedAlignment } from './typedef-alignment.ts';

/** The two releases' graphs. */
export interface Graphs {
  readonly old: TypeGraph;
  readonly new: TypeGraph;
}

/** The place itself changed: another type stands there. */
export interface PlaceChange {
  /**
   * `replaced`: another type. `equivalent`: another name for the same representation. `qualifier`: const and its kind.
   * `unreadable`: it cannot be told.
   */
  readonly kind: 'replaced' | 'equivalent' | 'qualifier' | 'unreadable';
  readonly effect: Effect;
  readonly asCallback?: Effect;
  /** The same bytes, read with another sign behind a pointer or through an untyped one. */
  readonly sameBits?: true;
  /** A clause: `the number of elements changed`. */
  readonly why: string;
  readonly old: string;
  readonly new: string;
}

/** Two nodes to compare, and how the place leads to them. */
export interface TypePair {
  readonly old: TypeId;
  readonly new: TypeId;
  readonly through: EdgeKind;
  readonly alias?: Alias;
}

/** What two types at the same place come to. */
export interface Relation {
  /** Undefined when only what lies below may differ. */
  readonly change?: PlaceChange;
  /** Pairs of nodes to compare: records, enums, functions, and typedefs or numbers that changed under their name. */
  readonly pairs: readonly TypePair[];
}

/** Pointers to pointers to arrays and so on. */
const MAX_DEPTH = 64;
/** Names of one type that are compared more closely: its own and those of typedefs. */
const MOST_NAMES = 4;

type Verdict = Omit<PlaceChange, 'old' | 'new'>;

type Step =
  /** Nothing more to compare. */
  | { readonly is: 'same' }
  | { readonly is: 'pair'; readonly renamed?: Verdict }
  | { readonly is: 'changed'; readonly verdict: Verdict }
  | {
      readonly is: 'below';
      readonly old: TypeId;
      readonly new: TypeId;
      readonly pointer: boolean;
      /** Arrays, with what is said of their rows. */
      readonly arrays?: readonly [WholeArray, WholeArray];
    };

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

/** Whether two nodes have names, and the same. */
function haveSameName(a: TypeNode, b: TypeNode): boolean {
  return 'scope' in a && 'scope' in b && a.name !== undefined && a.name === b.name && a.scope === b.scope;
}

function typedefName(graph: TypeGraph, id: TypeId): string {
  const node = graph.nodes[id];
  return node === undefined ? '' : qualifiedName(node);
}

/** What sources call an anonymous type or a function type. */
function aliasOf(graph: TypeGraph, { node, typedefs }: Peeled): Alias | undefined {
  if ('name' in node && node.name !== undefined) return undefined;
  const typedef = graph.nodes[typedefs.at(-1) ?? -1];
  if (typedef?.kind !== 'typedef') return undefined;
  return { name: qualifiedName(typedef), ...(typedef.declared === undefined ? {} : { declared: typedef.declared }) };
}

const SAME: Step = { is: 'same' };
const PAIR: Step = { is: 'pair' };

function changed(effect: Effect, why: string, kind: PlaceChange['kind'] = 'replaced'): Step {
  return { is: 'changed', verdict: { kind, effect, why } };
}

function sameBits(why: string): Step {
  return { is: 'changed', verdict: { kind: 'replaced', effect: 'risky', why, sameBits: true } };
}

interface Place {
  readonly pointers: number;
  readonly position: Position;
}

function compareNodes(graphs: Graphs, before: Peeled, after: Peeled, place: Place): Step {
  const a = before.node;
  const b = after.node;
  const across = acrossLanguages(graphs, before, after, place.pointers);
  if (across !== undefined) return across;
  const [old, now] = [pointerOfOption(graphs.old, a), pointerOfOption(graphs.new, b)];
  // `Option<&T>` and the like: what they lead to is what matters.
  if (old !== undefined && now !== undefined) return { is: 'below', old, new: now, pointer: false };
  if (isRecord(a) && isRecord(b)) {
    if ((a.kind === 'union') !== (b.kind === 'union')) return changed('breaking', `a ${a.kind} became a ${b.kind}`);
    return pairOrRename(graphs, before, after, () => sameShape(graphs, a, b));
  }
  if (a.kind === 'enum' && b.kind === 'enum') return pairOrRename(graphs, before, after, () => a.size === b.size);
  if (a.kind === 'function' && b.kind === 'function') return PAIR;
  if (a.kind === 'base' && b.kind === 'base') {
    const difference = compareNumbers(a, b);
    if (difference === undefined) return SAME;
    // `char` that became unsigned everywhere is one change, not one for every place.
    if (difference.sameName) return { is: 'pair' };
    if (difference.sign === true && (place.pointers > 0 || a.size === 1)) return sameBits(difference.why);
    return changed(difference.effect, difference.why, difference.equivalent ? 'equivalent' : 'replaced');
  }
  if (isAddress(a) && isAddress(b)) {
    if (a.kind !== b.kind)
      return changed(
        'source-breaking',
        'a pointer and a reference are passed alike and written differently',
        'equivalent',
      );
    if (a.size !== undefined && b.size !== undefined && a.size !== b.size)
      return changed('breaking', 'the size of the pointer changed');
    return { is: 'below', old: a.target, new: b.target, pointer: true };
  }
  if (a.kind === 'array' && b.kind === 'array') {
    if ((a.vector === true) !== (b.vector === true))
      return changed('breaking', 'vectors are passed in other registers');
    const arrays = [wholeArray(graphs.old, a), wholeArray(graphs.new, b)] as const;
    const [one, other] = [arrays[0].array, arrays[1].array];
    if (!sameDimensions(one.dimensions, other.dimensions)) return resized(one.dimensions, other.dimensions, place);
    return { is: 'below', old: one.element, new: other.element, pointer: false, arrays };
  }
  if (a.kind === 'member-pointer' && b.kind === 'member-pointer')
    return { is: 'below', old: a.target, new: b.target, pointer: true };
  if (a.kind === 'unspecified' && b.kind === 'unspecified')
    return a.name === b.name ? SAME : changed('risky', 'another special type');
  if (a.kind === 'void' && b.kind === 'void') return SAME;
  if (old !== undefined && isAddress(b)) return { is: 'below', old, new: after.id, pointer: false };
  if (now !== undefined && isAddress(a)) return { is: 'below', old: before.id, new: now, pointer: false };
  return differentKinds(graphs, before, after, place);
}

/** Where one of the two is a type of Rust: names are no matter then, and wrappers are what they wrap. */
function acrossLanguages(graphs: Graphs, before: Peeled, after: Peeled, pointers: number): Step | undefined {
  const a = before.node;
  const b = after.node;
  // As nearly all are.
  if (isAddress(a) && isAddress(b)) return undefined;
  if (isRecord(a) && isRecord(b) && a.language !== 'rust' && b.language !== 'rust') return undefined;
  if (pointers > 0 && (isRustVoid(a) || isRustVoid(b))) {
    const untyped = b.kind === 'void' || isRustVoid(b);
    if (untyped && (a.kind === 'void' || isRustVoid(a))) return SAME;
    return sameBits(untyped ? 'the pointer became untyped' : 'the pointer got a type');
  }
  const [one, other] = [soleValue(graphs.old, a), soleValue(graphs.new, b)];
  if (!isRecord(a) || !isRecord(b)) {
    if (one !== undefined && !isRecord(b)) return { is: 'below', old: one, new: after.id, pointer: false };
    if (other !== undefined && !isRecord(a)) return { is: 'below', old: before.id, new: other, pointer: false };
    return undefined;
  }
  if (!isAcrossLanguages(a, b)) return undefined;
  if (pointers > 0 && (isOpaqueBinding(a) || isOpaqueBinding(b))) return SAME;
  if (one !== undefined && isStandardWrapper(a)) return { is: 'below', old: one, new: after.id, pointer: false };
  if (other !== undefined && isStandardWrapper(b)) return { is: 'below', old: before.id, new: other, pointer: false };
  return (a.kind === 'union') === (b.kind === 'union') ? { is: 'pair' } : undefined;
}

type Address = Extract<TypeNode, { kind: 'pointer' | 'reference' | 'rvalue-reference' }>;

function isAddress(node: TypeNode): node is Address {
  return node.kind === 'pointer' || node.kind === 'reference' || node.kind === 'rvalue-reference';
}

function containerPair(a: TypeNode, b: TypeNode): TypePair | undefined {
  if (a.kind !== 'member-pointer' || b.kind !== 'member-pointer') return undefined;
  return { old: a.container, new: b.container, through: 'pointer' };
}

type RecordNode = Extract<TypeNode, { kind: 'struct' | 'class' | 'union' }>;

export function isRecord(node: TypeNode): node is RecordNode {
  return node.kind === 'struct' || node.kind === 'class' || node.kind === 'union';
}

function pairOrRename(graphs: Graphs, before: Peeled, after: Peeled, alike: () => boolean): Step {
  // As nearly all are: told without putting the names together.
  if (haveSameName(before.node, after.node)) return PAIR;
  if (isOtherLibraryAbi(before.node, after.node)) {
    return changed('breaking', 'it is of the other ABI of libstdc++ (_GLIBCXX_USE_CXX11_ABI)');
  }
  const [one, other] = [namesOf(graphs.old, before), namesOf(graphs.new, after)];
  // A type without any name is what stands at its place.
  if (one.length === 0 || other.length === 0 || one.some((name) => other.includes(name))) return { is: 'pair' };
  const [few, many] = [one.slice(0, MOST_NAMES), other.slice(0, MOST_NAMES)];
  if (few.some((name) => many.some((twin) => sameInstance(name, twin)))) return { is: 'pair' };
  if (!alike()) return changed('breaking', 'another type stands there');
  const opaque = 'declaration' in before.node && before.node.declaration;
  const why = opaque ? 'another opaque type stands there' : 'the type has another name and the same layout';
  return { is: 'pair', renamed: { kind: 'equivalent', effect: 'source-breaking', why } };
}

/** The names by which sources know a record or enum: its own, and those of typedefs. */
function namesOf(graph: TypeGraph, { node, typedefs }: Peeled): readonly string[] {
  const own = 'name' in node && node.name !== undefined ? [qualifiedName(node)] : [];
  return [...own, ...typedefs.map((id) => typedefName(graph, id))];
}

function sameShape(graphs: Graphs, a: RecordNode, b: RecordNode): boolean {
  return (
    a.declaration === b.declaration &&
    a.size === b.size &&
    a.members.length === b.members.length &&
    a.members.every((member, at) => {
      const other = b.members[at];
      return (
        other !== undefined &&
        other.bitOffset === member.bitOffset &&
        other.bitSize === member.bitSize &&
        sizeOf(graphs.old, member.type) === sizeOf(graphs.new, other.type)
      );
    })
  );
}

function sameDimensions(a: readonly (number | undefined)[], b: readonly (number | undefined)[]): boolean {
  return a.length === b.length && a.every((count, at) => bound(count) === bound(b[at]));
}

/** A flexible member is written [], [0] or without a bound. */
function bound(count: number | undefined): number {
  return count ?? 0;
}

function resized(
  a: readonly (number | undefined)[],
  b: readonly (number | undefined)[],
  { position, pointers }: Place,
): Step {
  const why = 'the number of elements changed';
  // Consumers of an exported array go on using the elements that they know.
  const tail = sameDimensions(a.slice(1), b.slice(1)) && bound(b[0]) > bound(a[0]);
  if (position === 'variable' && pointers === 0 && tail) return changed('risky', 'the array got more elements');
  // Of an array without a bound nobody can step to the next: how many elements it has is a promise, not a layout.
  if (pointers > 0 && (bound(a[0]) === 0 || bound(b[0]) === 0) && sameDimensions(a.slice(1), b.slice(1))) {
    return changed('risky', why);
  }
  // Behind a pointer, the next array lies elsewhere, as in `int rows[][3]`.
  return changed('breaking', why);
}

function differentKinds(graphs: Graphs, before: Peeled, after: Peeled, { pointers, position }: Place): Step {
  const [a, b] = [before.node, after.node];
  // A result in a register is ignored by callers that do not know of it; one in memory needs a place from them.
  if (position === 'result' && pointers === 0 && a.kind === 'void' && !isRecord(b)) {
    const why = 'there was no result before';
    return { is: 'changed', verdict: { kind: 'replaced', effect: 'compatible', asCallback: 'breaking', why } };
  }
  // void behind a pointer: the same address, another promise about what is there.
  if (pointers > 0 && (a.kind === 'void' || b.kind === 'void')) {
    return sameBits(b.kind === 'void' ? 'the pointer became untyped' : 'the pointer got a type');
  }
  const [one, other] = [sizeOf(graphs.old, before.id), sizeOf(graphs.new, after.id)];
  if (isInteger(a) && isInteger(b) && one === other) {
    return changed('source-breaking', 'a number and an enumeration of the same size', 'equivalent');
  }
  if (pointers > 0) return changed('breaking', 'the pointer leads to another kind of type');
  return changed('breaking', 'another kind of type stands there');
}
