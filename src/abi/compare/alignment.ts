import type { TypeGraph, TypeId } from '../model.ts';
import type { RecordNode } from '../record-node.ts';
import { peel, sizeOf } from './peel.ts';

/** Records in records as deep as sources nest them; deeper ones count as aligned to 1. */
const MAX_DEPTH = 32;
const MAX_NATURAL = 16;

const known = new WeakMap<TypeGraph, Map<TypeId, number>>();

/**
 * Bytes to which values of a type are aligned: what the source demands where debug information tells, else what follows
 * from the members. Packed records show by members at places where they could not stand otherwise.
 */
export function alignmentOf(graph: TypeGraph, id: TypeId, depth = 0): number {
  let cache = known.get(graph);
  if (cache === undefined) {
    cache = new Map();
    known.set(graph, cache);
  }
  const before = cache.get(id);
  if (before !== undefined) return before;
  cache.set(id, 1); // against records that contain themselves in a broken file
  const alignment = compute(graph, id, depth);
  cache.set(id, alignment);
  return alignment;
}

function compute(graph: TypeGraph, id: TypeId, depth: number): number {
  const { node, typedefs } = peel(graph, id);
  for (const typedef of typedefs) {
    const named = graph.nodes[typedef];
    if (named?.kind === 'typedef' && (named.alignment ?? 0) > 0) return named.alignment ?? 1;
  }
  switch (node.kind) {
    case 'struct':
    case 'class':
    case 'union':
      return depth >= MAX_DEPTH ? 1 : alignmentOfRecord(graph, node, depth);
    case 'array':
      if (node.vector === true) return sizeOf(graph, id) ?? 1;
      return depth >= MAX_DEPTH ? 1 : alignmentOf(graph, node.element, depth + 1);
    case 'base':
      // A complex number is aligned as one of its halves.
      return natural(graph, node.encoding === 'complex-float' ? node.size / 2 : node.size);
    default:
      return natural(graph, sizeOf(graph, id) ?? 1);
  }
}

export function alignmentOfRecord(graph: TypeGraph, record: RecordNode, depth = 0): number {
  if (record.declaration) return 1;
  let largest = record.alignment ?? 1;
  for (const { type, offset, virtual } of record.bases) {
    const wanted = virtual || depth >= MAX_DEPTH ? 1 : alignmentOf(graph, type, depth + 1);
    if ((offset ?? 0) % wanted !== 0 || record.size % wanted !== 0) return record.alignment ?? 1;
    largest = Math.max(largest, wanted);
  }
  for (const member of record.members) {
    if (member.bitSize !== undefined) continue;
    const wanted = Math.max(member.alignment ?? 1, alignmentOf(graph, member.type, depth + 1));
    if (member.bitOffset % (wanted * 8) !== 0 || record.size % wanted !== 0) return record.alignment ?? 1;
    largest = Math.max(largest, wanted);
  }
  return largest;
}

function natural({ nominal, pointerSize }: TypeGraph, size: number): number {
  // Go aligns nothing to more than a word.
  const most = Math.min(size, nominal === true ? pointerSize : MAX_NATURAL);
  let alignment = 1;
  while (alignment * 2 <= most) alignment *= 2;
  return alignment;
}
