import type { TypeNode } from './model.ts';

/** What has members: a struct, class or union of any language. */
export type RecordNode = Extract<TypeNode, { kind: 'struct' | 'class' | 'union' }>;

export function isRecord(node: TypeNode): node is RecordNode {
  return node.kind === 'struct' || node.kind === 'class' || node.kind === 'union';
}
