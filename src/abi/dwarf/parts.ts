import type { TypeNode } from '../model.ts';

/** Members, enumerators and parameters of all types together: the kernel of Linux has 300,000. */
export const MOST_PARTS = 1_000_000;

/** How many parts a type adds to them. */
export function partsOf(node: TypeNode): number {
  switch (node.kind) {
    case 'struct':
    case 'class':
    case 'union':
      return node.members.length + node.bases.length + node.methods.length + (node.variants?.variants.length ?? 0);
    case 'enum':
      return node.enumerators.length;
    case 'function':
      return node.parameters.length;
    default:
      return 0;
  }
}
