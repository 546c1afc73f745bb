import type { PairGraph } from '../compare/explore.ts';

/**
 * Callbacks of a table mostly take the table itself, and member functions their object: handing it back does not mean
 * that the plugin makes such objects.
 */
export function withoutSelves({ nodes, roots }: PairGraph): PairGraph {
  const holders = new Map<number, Set<number>>();
  nodes.forEach(({ edges }, at) => {
    for (const { to } of edges) {
      const known = holders.get(to);
      if (known === undefined) holders.set(to, new Set([at]));
      else known.add(at);
    }
  });
  const kept = nodes.map((node, at) => {
    const selves = holders.get(at);
    const edges = node.edges.filter(({ to, flips }) => flips !== true || selves?.has(to) !== true);
    return edges.length === node.edges.length ? node : { ...node, edges };
  });
  return { nodes: kept, roots };
}
