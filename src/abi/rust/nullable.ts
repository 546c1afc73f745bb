import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { soleValue } from './foreign.ts';

/** Box, Unique and NonNull in each other. */
const MAX_WRAPPERS = 8;

/**
 * The pointer that a Rust `Option` of a reference, box or function is made of: `None` is the null pointer, and the size
 * and passing are those of the pointer (Rust reference, "Option", null pointer optimisation).
 * @returns undefined for all other types
 */
export function pointerOfOption(graph: TypeGraph, node: TypeNode): TypeId | undefined {
  if (node.kind !== 'struct' || node.language !== 'rust' || node.variants === undefined) return undefined;
  if (node.name?.startsWith('Option<') !== true || node.size !== graph.pointerSize) return undefined;
  const some = node.variants.variants.find(({ name }) => name === 'Some');
  const held = graph.nodes[some?.member.type ?? -1];
  const [value, more] = held !== undefined && 'members' in held ? held.members : [];
  if (value === undefined || more !== undefined) return undefined;
  let id = value.type;
  for (let step = 0; step < MAX_WRAPPERS; step += 1) {
    const inner = graph.nodes[id];
    if (inner === undefined) return undefined;
    if (inner.kind === 'pointer') return id;
    // NonNull, and what is made of it.
    const next = soleValue(graph, inner);
    if (next === undefined) return undefined;
    id = next;
  }
  return undefined;
}
