import type { TypeNode } from '../model.ts';

/**
 * The scope of types of a plugin's own package main. No host can import it, so none can name them: what they are called
 * and made of is the plugin's own business, and their methods are all that hosts can use.
 */
export const MAIN = 'main';

export function isOfMain(node: TypeNode | undefined): boolean {
  return (
    node !== undefined &&
    (node.kind === 'typedef' || node.kind === 'struct') &&
    node.language === 'go' &&
    node.scope === MAIN
  );
}
