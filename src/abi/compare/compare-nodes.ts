import type { Effect } from '../../rules/finding.ts';
import { sameInstance } from '../cxx/instance-names.ts';
import { isOtherLibraryAbi } from '../cxx/string-abi.ts';
import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';
import { isRecord, type RecordNode } from '../record-node.ts';
import { isAcrossLanguages, isOpaqueBinding, isRustVoid, isStandardWrapper, soleValue } from '../rust/foreign.ts';
import { pointerOfOption } from '../rust/nullable.ts';
import { compareNumbers, isInteger } from './numbers.ts';
import { type Peeled, sizeOf, type WholeArray, wholeArray } from './peel.ts';
import type { Position } from './qualifiers.ts';
import type { Graphs, PlaceChange } from './relation.ts';
import { haveSameName, typedefName } from './same-name.ts';

/** Names of one type that are compared more closely: its own and those of typedefs. */
const MOST_NAMES = 4;

/** What a place comes to, without the names of its types. */
export type Verdict = Omit<PlaceChange, 'old' | 'new'>;

/** What two nodes come to by themselves, and where to go on. */
export type Step =
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

const SAME: Step = { is: 'same' };
const PAIR: Step = { is: 'pair' };

function changed(effect: Effect, why: string, kind: PlaceChange['kind'] = 'replaced'): Step {
  return { is: 'changed', verdict: { kind, effect, why } };
}

function sameBits(why: string): Step {
  return { is: 'changed', verdict: { kind: 'replaced', effect: 'risky', why, sameBits: true } };
}

/** How the place leads to the nodes. */
export interface Place {
  /** Pointers and references in between. */
  readonly pointers: number;
  readonly position: Position;
}

/**
 * Compares two nodes as they are, without what their members and targets come to. Pure.
 * @param before without qualifiers and typedefs, as peel() gives it; so is `after`
 */
export function compareNodes(graphs: Graphs, before: Peeled, after: Peeled, place: Place): Step {
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
