import type { PairNode } from './change.ts';
import type { PairGraph } from './explore.ts';
import { layoutDiffers } from './members.ts';
import type { Graphs } from './relation.ts';

/** Types that follow a changed one and are told with it. */
const MAX_TOLD = 64;

export interface Consequences {
  /** The node that is the cause of a node's changes that follow from an embedded type; undefined: none was found. */
  readonly causeOf: (node: number) => number | undefined;
  /** Nodes that change because the given one is part of them, the first ones where there are many. */
  readonly of: ReadonlyMap<number, readonly number[]>;
}

/**
 * Finds for each type that changed only because something embedded in it did the type that is the cause, so that one
 * change is one finding. Each node is passed once: embedded types are followed until a cause or a known node.
 */
export function consequencesOf(graphs: Graphs, { nodes }: PairGraph): Consequences {
  const cause = new Int32Array(nodes.length).fill(-1);
  const passed = new Uint8Array(nodes.length);
  const of = new Map<number, number[]>();
  nodes.forEach((node, start) => {
    if (!follows(node) || passed[start] === 1) return;
    const way: number[] = [];
    let at: number | undefined = start;
    let found = -1;
    while (at !== undefined) {
      const here: PairNode | undefined = nodes[at];
      if (here === undefined) break;
      if (!follows(here) && here.changes.length > 0) {
        found = at;
        break;
      }
      if (passed[at] === 1) {
        found = cause[at] ?? -1;
        break;
      }
      passed[at] = 1;
      way.push(at);
      at = here.edges.find(({ to, kind }) => kind === 'value' && differs(graphs, nodes[to]))?.to;
    }
    for (const one of way) cause[one] = found;
    if (found < 0) return;
    const told = of.get(found) ?? [];
    for (const one of way) if (told.length < MAX_TOLD && follows(nodes[one])) told.push(one);
    of.set(found, told);
  });
  return {
    causeOf: (node) => ((cause[node] ?? -1) < 0 ? undefined : cause[node]),
    of,
  };
}

function differs(graphs: Graphs, node: PairNode | undefined): boolean {
  return node !== undefined && layoutDiffers(graphs, node.old, node.new);
}

function follows(node: PairNode | undefined): boolean {
  return node?.changes.some(({ consequence }) => consequence === true) === true;
}
