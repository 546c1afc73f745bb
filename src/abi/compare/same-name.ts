import type { TypeGraph, TypeId, TypeNode } from '../model.ts';
import { qualifiedName } from '../names.ts';

/** Whether two nodes have names, and the same. */
export function haveSameName(a: TypeNode, b: TypeNode): boolean {
  return 'scope' in a && 'scope' in b && a.name !== undefined && a.name === b.name && a.scope === b.scope;
}

export function typedefName(graph: TypeGraph, id: TypeId): string {
  const node = graph.nodes[id];
  return node === undefined ? '' : qualifiedName(node);
}
