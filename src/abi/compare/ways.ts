import type { Edge } from './change.ts';
import type { PairGraph } from './explore.ts';

/** The shortest way from a symbol to a node, its last steps only where it is long. */
export interface Way {
  /** Number of the symbol. */
  readonly root: number;
  /** Steps behind the symbol that are left out. */
  readonly skipped: number;
  readonly labels: readonly string[];
  readonly nodes: readonly number[];
}

/** Steps of a way that are told: a list of 50,000 structs has as many. */
const MAX_TOLD = 12;

/** For each node the shortest way from a symbol, found once for all by going through the graph in breadth. */
export function shortestWays({ nodes, roots }: PairGraph): (target: number) => Way | undefined {
  const from = new Int32Array(nodes.length).fill(-1);
  const depth = new Int32Array(nodes.length);
  const label: string[] = new Array(nodes.length).fill('');
  const rootOf = new Int32Array(nodes.length).fill(-1);
  let level: number[] = [];
  const reach = (to: number, root: number, before: number, text: string): boolean => {
    if (rootOf[to] !== -1) return false;
    rootOf[to] = root;
    from[to] = before;
    depth[to] = before < 0 ? 1 : (depth[before] ?? 0) + 1;
    label[to] = text;
    return true;
  };
  roots.forEach((root, number) => {
    for (const edge of root.edges) if (reach(edge.to, number, -1, edge.label)) level.push(edge.to);
  });
  while (level.length > 0) {
    const next: number[] = [];
    for (const at of level) {
      const edges = nodes[at]?.edges ?? NO_EDGES;
      for (let number = 0; number < edges.length; number += 1) {
        const edge: Edge | undefined = edges[number];
        if (edge !== undefined && reach(edge.to, rootOf[at] ?? -1, at, edge.label)) next.push(edge.to);
      }
    }
    level = next;
  }
  return (target) => {
    const root = rootOf[target] ?? -1;
    if (root < 0) return undefined;
    const labels: string[] = [];
    const passed: number[] = [];
    for (let at = target; at >= 0 && passed.length < MAX_TOLD; at = from[at] ?? -1) {
      labels.push(label[at] ?? '');
      passed.push(at);
    }
    const skipped = (depth[target] ?? 0) - passed.length;
    return { root, skipped, labels: labels.reverse(), nodes: passed.reverse() };
  };
}

/** Which symbols reach a node; `complete` is false where the search was given up. */
export interface Reach {
  readonly roots: readonly number[];
  readonly complete: boolean;
}

/**
 * Steps of all searches for affected symbols together. A search goes through everything that leads to a changed type;
 * with thousands of changed types that all hang together only the first ones are told in full.
 */
const MAX_STEPS = 10_000_000;

/** Numbers of the symbols that reach a node, found by going backwards from it. */
export function reachedFrom(graph: PairGraph): (target: number) => Reach {
  // Only a change makes somebody ask.
  let incoming: Incoming | undefined;
  const rootsAt = new Map<number, number[]>();
  const prepare = (): Incoming => {
    graph.roots.forEach((root, number) => {
      for (const { to } of root.edges) {
        const list = rootsAt.get(to);
        if (list === undefined) rootsAt.set(to, [number]);
        else list.push(number);
      }
    });
    return incomingOf(graph);
  };
  const stamp = new Int32Array(graph.nodes.length).fill(-1);
  let round = 0;
  let steps = 0;
  return (target) => {
    round += 1;
    incoming ??= prepare();
    const { start, from } = incoming;
    const found = new Set<number>();
    const open = [target];
    stamp[target] = round;
    for (let at = open.pop(); at !== undefined && steps < MAX_STEPS; at = open.pop()) {
      const roots = rootsAt.get(at) ?? NO_ROOTS;
      for (const root of roots) found.add(root);
      steps += 1 + roots.length;
      for (let edge = start[at] ?? 0; edge < (start[at + 1] ?? 0); edge += 1) {
        const before = from[edge] ?? 0;
        steps += 1;
        if (stamp[before] === round) continue;
        stamp[before] = round;
        open.push(before);
      }
    }
    return { roots: [...found].sort((a, b) => a - b), complete: steps < MAX_STEPS };
  };
}

const NO_EDGES: readonly Edge[] = [];
const NO_ROOTS: readonly number[] = [];

interface Incoming {
  readonly start: Int32Array;
  readonly from: Int32Array;
}

/** The edges backwards: those that lead to node n are `from[start[n]]` up to `from[start[n + 1]]`. */
function incomingOf({ nodes }: PairGraph): Incoming {
  const start = new Int32Array(nodes.length + 1);
  for (const { edges } of nodes) {
    for (let number = 0; number < edges.length; number += 1) {
      const to = edges[number]?.to ?? -1;
      if (to >= 0) start[to + 1] = (start[to + 1] ?? 0) + 1;
    }
  }
  for (let at = 0; at < nodes.length; at += 1) start[at + 1] = (start[at + 1] ?? 0) + (start[at] ?? 0);
  const from = new Int32Array(start[nodes.length] ?? 0);
  const next = start.slice();
  nodes.forEach(({ edges }, at) => {
    for (let number = 0; number < edges.length; number += 1) {
      const to = edges[number]?.to ?? -1;
      if (to < 0) continue;
      const place = next[to] ?? 0;
      from[place] = at;
      next[to] = place + 1;
    }
  });
  return { start, from };
}
