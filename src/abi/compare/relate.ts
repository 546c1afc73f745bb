import type { Effect } from '../../rules/finding.ts';
import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName, typeName } from '../names.ts';
import type { EdgeKind } from './change.ts';
import { type Peeled, peel, sizeOf } from './peel.ts';

/** The two releases' graphs. */
export interface Graphs {
  readonly old: TypeGraph;
  readonly new: TypeGraph;
}

/** What two types at the same place come to. */
export interface Relation {
  /** The place itself changed: another type stands there. Undefined when only what lies below may differ. */
  readonly change?: { readonly effect: Effect; readonly why: string; readonly old: string; readonly new: string };
  /** Pairs of nodes to compare: records, enums and functions that the types lead to. */
  readonly pairs: readonly { readonly old: TypeId; readonly new: TypeId; readonly through: EdgeKind }[];
}

const MAX_DEPTH = 64;

/** Compares two types at one place, through typedefs, pointers and arrays, down to the next named node. */
export function relate(graphs: Graphs, old: TypeId, now: TypeId): Relation {
  return descend(graphs, old, now, 'value', 0);
}

function descend(graphs: Graphs, oldId: TypeId, newId: TypeId, through: EdgeKind, depth: number): Relation {
  const before = peel(graphs.old, oldId);
  const after = peel(graphs.new, newId);
  const changed = (effect: Effect, why: string): Relation => ({
    change: { effect, why, old: typeName(graphs.old, oldId), new: typeName(graphs.new, newId) },
    pairs: [],
  });
  if (depth > MAX_DEPTH) return changed('undecided', 'the type nests too deeply');
  const a = before.node;
  const b = after.node;
  if (a.kind === 'unknown' || b.kind === 'unknown') return changed('undecided', 'a type could not be read');
  if (before.atomic !== after.atomic) return changed('breaking', '_Atomic changes how the value is read and written');
  const below = compareNodes(graphs, before, after, through, depth, changed);
  if (below.change !== undefined || depth === 0 || before.const === after.const) return below;
  // Behind a pointer: what may be written through it. At the top it is a matter of the callee alone.
  const lost = before.const && !after.const;
  const name = (graph: TypeGraph, id: TypeId): string => typeName(graph, id);
  return {
    ...below,
    change: {
      effect: lost ? 'source-breaking' : 'compatible',
      why: lost ? 'const was removed behind a pointer' : 'const was added behind a pointer',
      old: name(graphs.old, oldId),
      new: name(graphs.new, newId),
    },
  };
}

const SAME: Relation = { pairs: [] };

function compareNodes(
  graphs: Graphs,
  before: Peeled,
  after: Peeled,
  through: EdgeKind,
  depth: number,
  changed: (effect: Effect, why: string) => Relation,
): Relation {
  const a = before.node;
  const b = after.node;
  if (isRecord(a) && isRecord(b)) {
    if ((a.kind === 'union') !== (b.kind === 'union')) return changed('breaking', `${a.kind} became ${b.kind}`);
    return pairOrRename(before, after, through, changed, sameShape(graphs, a, b));
  }
  if (a.kind === 'enum' && b.kind === 'enum') {
    return pairOrRename(before, after, through, changed, a.size === b.size);
  }
  if (a.kind !== b.kind) return differentKinds(graphs, before, after, depth, changed);
  switch (a.kind) {
    case 'base':
      return b.kind === 'base' ? baseTypes(a, b, changed) : SAME;
    case 'pointer':
    case 'reference':
    case 'rvalue-reference':
      if (b.kind !== a.kind) return SAME;
      if (a.size !== undefined && b.size !== undefined && a.size !== b.size)
        return changed('breaking', 'the size of the pointer changed');
      return lift(descend(graphs, a.target, b.target, 'pointer', depth + 1), before, after, graphs);
    case 'array': {
      if (b.kind !== 'array') return SAME;
      if (!sameDimensions(a.dimensions, b.dimensions)) {
        return changed('breaking', 'the number of elements changed');
      }
      return lift(descend(graphs, a.element, b.element, through, depth + 1), before, after, graphs);
    }
    case 'member-pointer': {
      if (b.kind !== 'member-pointer') return SAME;
      const target = descend(graphs, a.target, b.target, 'pointer', depth + 1);
      const container = descend(graphs, a.container, b.container, 'pointer', depth + 1);
      return { change: target.change ?? container.change, pairs: [...target.pairs, ...container.pairs] };
    }
    case 'function':
      return { pairs: [{ old: before.id, new: after.id, through }] };
    case 'void':
    case 'unspecified':
      return a.kind === 'unspecified' && b.kind === 'unspecified' && a.name !== b.name
        ? changed('risky', 'another special type')
        : SAME;
    default:
      return SAME;
  }
}

/** A difference below is shown with the whole type: `const char *` for `char *`, not `const char` for `char`. */
function lift(relation: Relation, before: Peeled, after: Peeled, graphs: Graphs): Relation {
  if (relation.change === undefined) return relation;
  return {
    ...relation,
    change: { ...relation.change, old: typeName(graphs.old, before.id), new: typeName(graphs.new, after.id) },
  };
}

type RecordNode = Extract<TypeNode, { kind: 'struct' | 'class' | 'union' }>;

export function isRecord(node: TypeNode): node is RecordNode {
  return node.kind === 'struct' || node.kind === 'class' || node.kind === 'union';
}

function pairOrRename(
  before: Peeled,
  after: Peeled,
  through: EdgeKind,
  changed: (effect: Effect, why: string) => Relation,
  alike: boolean,
): Relation {
  const pairs = [{ old: before.id, new: after.id, through }];
  const [one, other] = [labelOf(before), labelOf(after)];
  if (one === other) return { pairs };
  if (alike) {
    const { change } = changed('source-breaking', 'the type has another name and the same layout');
    return { change, pairs };
  }
  return changed('breaking', 'another type stands there');
}

/** The name that identifies a record or enum; of an anonymous one the typedef that names it. */
function labelOf({ node, typedef }: Peeled): string {
  if ('name' in node && node.name !== undefined) return qualifiedName(node);
  return typedef === undefined ? '(anonymous)' : typedef;
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

function baseTypes(
  a: Extract<TypeNode, { kind: 'base' }>,
  b: Extract<TypeNode, { kind: 'base' }>,
  changed: (effect: Effect, why: string) => Relation,
): Relation {
  if (a.size !== b.size) return changed('breaking', `the size changed from ${a.size} to ${b.size} bytes`);
  const [one, other] = [numberClass(a.encoding), numberClass(b.encoding)];
  if (one.family !== other.family) return changed('breaking', 'values are represented in another way');
  if (one.signed !== other.signed && one.family === 'integer') {
    // char is signed on x86 and unsigned on arm: compilers may say either for the same source.
    return changed('risky', 'the signedness changed');
  }
  if (simpleName(a.name) === simpleName(b.name)) return SAME;
  return changed('source-breaking', 'the type has another name and the same representation');
}

function numberClass(encoding: string): { readonly family: string; readonly signed: boolean } {
  switch (encoding) {
    case 'signed':
    case 'signed-char':
      return { family: 'integer', signed: true };
    case 'unsigned':
    case 'unsigned-char':
    case 'address':
      return { family: 'integer', signed: false };
    default:
      return { family: encoding, signed: false };
  }
}

/** Compilers write one type in several ways: `long int`, `long`, `unsigned int`, `unsigned`. */
function simpleName(name: string): string {
  const words = name.split(' ').filter((word) => word !== 'int' && word !== 'signed');
  if (name.split(' ').includes('char') && name.includes('signed') && !name.includes('unsigned')) words.push('signed');
  return words.sort().join(' ') || 'int';
}

function sameDimensions(a: readonly (number | undefined)[], b: readonly (number | undefined)[]): boolean {
  // A flexible member is written [], [0] or without a bound.
  const bound = (count: number | undefined): number => count ?? 0;
  return a.length === b.length && a.every((count, at) => bound(count) === bound(b[at]));
}

function differentKinds(
  graphs: Graphs,
  before: Peeled,
  after: Peeled,
  depth: number,
  changed: (effect: Effect, why: string) => Relation,
): Relation {
  const behindPointer = depth > 0;
  // void behind a pointer: the same address, another promise about what is there.
  if (behindPointer && (before.node.kind === 'void' || after.node.kind === 'void')) {
    return changed('risky', after.node.kind === 'void' ? 'the pointer became untyped' : 'the pointer got a type');
  }
  const sizes = [sizeOf(graphs.old, before.id), sizeOf(graphs.new, after.id)];
  const numbers = [before.node, after.node].every(
    (node) => node.kind === 'enum' || (node.kind === 'base' && numberClass(node.encoding).family === 'integer'),
  );
  if (numbers && sizes[0] === sizes[1])
    return changed('source-breaking', 'a number and an enumeration of the same size');
  const addresses = [before.node.kind, after.node.kind].every(
    (kind) => kind === 'pointer' || kind === 'reference' || kind === 'rvalue-reference',
  );
  if (addresses)
    return changed('source-breaking', 'a pointer and a reference are passed alike and written differently');
  return changed('breaking', 'another kind of type stands there');
}
