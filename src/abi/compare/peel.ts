import type { TypeGraph, TypeId, TypeNode } from '../model.ts';

/** What stands around a type at its place of use. */
export interface Peeled {
  /** The type without typedefs and qualifiers. */
  readonly id: TypeId;
  readonly node: TypeNode;
  readonly const: boolean;
  readonly volatile: boolean;
  readonly atomic: boolean;
  /** The outermost typedef, when there is one. */
  readonly typedef?: string;
}

const MAX_STEPS = 256;

/** Takes typedefs and qualifiers off: they do not change how a value is laid out, `_Atomic` aside. */
export function peel(graph: TypeGraph, start: TypeId): Peeled {
  let id = start;
  const seen = { const: false, volatile: false, atomic: false };
  let typedef: string | undefined;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const node = graph.nodes[id];
    if (node === undefined) break;
    switch (node.kind) {
      case 'typedef':
        typedef ??= node.scope === '' ? node.name : `${node.scope}::${node.name}`;
        id = node.target;
        continue;
      case 'const':
      case 'volatile':
      case 'atomic':
        seen[node.kind] = true;
        id = node.target;
        continue;
      case 'restrict':
      case 'shared':
      case 'immutable':
        id = node.target;
        continue;
      default:
        return { id, node, ...seen, ...(typedef === undefined ? {} : { typedef }) };
    }
  }
  return { id, node: { kind: 'unknown', reason: 'typedefs that lead in a circle' }, ...seen };
}

/** Bytes of a value of a type; undefined where that is not known. */
export function sizeOf(graph: TypeGraph, id: TypeId): number | undefined {
  const { node } = peel(graph, id);
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
    case 'array': {
      const element = sizeOf(graph, node.element);
      let total = element;
      for (const count of node.dimensions)
        total = total === undefined || count === undefined ? undefined : total * count;
      return total;
    }
    default:
      return undefined;
  }
}
