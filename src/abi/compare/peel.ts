import type { TypeGraph, TypeId, TypeNode } from '../model.ts';

export type TypedefNode = Extract<TypeNode, { kind: 'typedef' }>;

/** What stands around a type at its place of use. */
export interface Peeled {
  /** The type without typedefs and qualifiers. */
  readonly id: TypeId;
  readonly node: TypeNode;
  readonly const: boolean;
  readonly volatile: boolean;
  readonly restrict: boolean;
  readonly atomic: boolean;
  /** The typedefs that were taken off, outermost first. */
  readonly typedefs: readonly TypeId[];
}

const MAX_STEPS = 256;
const NO_TYPEDEFS: readonly TypeId[] = [];

const known = new WeakMap<TypeGraph, (Peeled | undefined)[]>();

/** Takes typedefs and qualifiers off: they do not change how a value is laid out. */
export function peel(graph: TypeGraph, start: TypeId): Peeled {
  let peeled = known.get(graph);
  if (peeled === undefined) {
    peeled = new Array(graph.nodes.length).fill(undefined);
    known.set(graph, peeled);
  }
  const before = peeled[start];
  if (before !== undefined) return before;
  const made = peelAnew(graph, start);
  if (start >= 0 && start < peeled.length) peeled[start] = made;
  return made;
}

function peelAnew(graph: TypeGraph, start: TypeId): Peeled {
  let id = start;
  const seen = { const: false, volatile: false, restrict: false, atomic: false };
  let typedefs: TypeId[] | undefined;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const node = graph.nodes[id];
    if (node === undefined) break;
    switch (node.kind) {
      case 'typedef':
        if (typedefs === undefined) typedefs = [id];
        else typedefs.push(id);
        id = node.target;
        continue;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'atomic':
        seen[node.kind] = true;
        id = node.target;
        continue;
      case 'shared':
      case 'immutable':
        id = node.target;
        continue;
      default:
        return {
          id,
          node,
          const: seen.const,
          volatile: seen.volatile,
          restrict: seen.restrict,
          atomic: seen.atomic,
          typedefs: typedefs ?? NO_TYPEDEFS,
        };
    }
  }
  return { id, node: { kind: 'unknown', reason: 'typedefs that nest too deeply' }, ...seen, typedefs: [] };
}

/** Arrays of arrays as deep as any producer makes them; dimensions of one array are one node. */
const MAX_ARRAYS = 64;

/** Bytes of a value of a type; undefined where that is not known. */
export function sizeOf(graph: TypeGraph, start: TypeId): number | undefined {
  let id = start;
  let count = 1;
  for (let depth = 0; depth < MAX_ARRAYS; depth += 1) {
    const { node } = peel(graph, id);
    if (node.kind !== 'array') {
      const size = sizeOfNode(graph, node);
      return size === undefined ? undefined : size * count;
    }
    for (const elements of node.dimensions) {
      if (elements === undefined) return undefined;
      count *= elements;
    }
    id = node.element;
  }
  return undefined;
}

function sizeOfNode(graph: TypeGraph, node: TypeNode): number | undefined {
  switch (node.kind) {
    case 'base':
    case 'enum':
      return node.size;
    case 'struct':
    case 'class':
    case 'union':
      return node.declaration ? undefined : node.size;
    case 'pointer':
    case 'reference':
    case 'rvalue-reference':
      return node.size ?? graph.pointerSize;
    case 'slice':
      return 3 * graph.pointerSize;
    case 'map':
    case 'channel':
      return graph.pointerSize;
    case 'function':
      // A value of a function type of Go is a pointer to its closure.
      return graph.nominal === true ? graph.pointerSize : undefined;
    default:
      return undefined;
  }
}

type ArrayNode = Extract<TypeNode, { kind: 'array' }>;

/** An array with what is said of its rows: `const row[2]`, where a row is an `int[3]`, has constants in it. */
export interface WholeArray {
  readonly array: ArrayNode;
  readonly const: boolean;
  readonly volatile: boolean;
}

/** An array of arrays as one with all dimensions: compilers write `int [2][3]` in both ways. */
export function wholeArray(graph: TypeGraph, array: ArrayNode): WholeArray {
  let whole: WholeArray = { array, const: false, volatile: false };
  for (let depth = 0; depth < MAX_ARRAYS; depth += 1) {
    const row = peel(graph, whole.array.element);
    const { node } = row;
    if (node.kind !== 'array' || node.vector === true || whole.array.vector === true) return whole;
    whole = {
      array: { ...node, dimensions: [...whole.array.dimensions, ...node.dimensions] },
      const: whole.const || row.const,
      volatile: whole.volatile || row.volatile,
    };
  }
  return whole;
}
