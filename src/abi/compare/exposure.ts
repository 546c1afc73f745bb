import type { Edge, PairNode } from './change.ts';
import type { PairGraph } from './explore.ts';

/**
 * How consumers come by a type, as bits. `IN`: they make it and the plugin reads it; `OUT`: the plugin makes it and they
 * read it; `VALUE`: it is passed or returned itself, not by pointer; `EMBEDDED`: it is part of a type that they know.
 */
export const EXPOSURE = { in: 1, out: 2, value: 4, pointer: 8, embedded: 16 } as const;

const BOTH = EXPOSURE.in | EXPOSURE.out;

/**
 * The exposure of every pair, from all symbols that reach it; 0 for those that consumers cannot come to.
 * @param isPrivate whether a type's definition is out of the consumers' sight: then they can hold it by pointer only,
 *   and what lies below it is hidden as well
 */
export function exposures({ nodes, roots }: PairGraph, isPrivate: (node: number) => boolean): Uint8Array {
  const flags = new Uint8Array(nodes.length);
  const open: number[] = [];
  const add = (to: number, bits: number): void => {
    const before = flags[to] ?? 0;
    const after = before | bits;
    if (after === before) return;
    flags[to] = after;
    open.push(to);
  };
  for (const root of roots) {
    // A function itself is called by consumers: its parameters go in, its result comes out. A variable goes both ways.
    const start = root.kind === 'function' ? EXPOSURE.out : BOTH;
    for (const edge of root.edges) add(edge.to, start | (edge.kind === 'pointer' ? EXPOSURE.pointer : EXPOSURE.value));
  }
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const from = flags[at] ?? 0;
    if (isHidden(from, () => isPrivate(at))) continue;
    for (const edge of nodes[at]?.edges ?? []) add(edge.to, carried(from, edge));
  }
  return flags;
}

/** A private type that consumers never have as a value: what passes or embeds a type needs its definition. */
export function isHidden(flags: number, isPrivate: () => boolean): boolean {
  return (flags & (EXPOSURE.value | EXPOSURE.embedded)) === 0 && isPrivate();
}

function carried(from: number, edge: Edge): number {
  const direction = from & BOTH;
  switch (edge.kind) {
    // Parameters of what is called by the other side go the other way.
    case 'parameter':
      return flipped(direction) | EXPOSURE.value;
    case 'result':
      return direction | EXPOSURE.value;
    case 'pointer':
      // What a pointer leads to can be written by either side, so that it goes both ways.
      return (
        (edge.label.startsWith('parameter') || edge.label === 'this' ? flipped(direction) : direction) |
        EXPOSURE.pointer
      );
    case 'value':
      return (from & ~EXPOSURE.value) | EXPOSURE.embedded;
  }
}

function flipped(direction: number): number {
  return ((direction & EXPOSURE.in) !== 0 ? EXPOSURE.out : 0) | ((direction & EXPOSURE.out) !== 0 ? EXPOSURE.in : 0);
}

/** A way from a symbol to a node: the symbol's number and the labels of the edges. */
export interface Way {
  readonly root: number;
  readonly labels: readonly string[];
  readonly nodes: readonly number[];
}

/** For each node the shortest way from a symbol, found once for all by going through the graph in breadth. */
export function shortestWays({ nodes, roots }: PairGraph): (target: number) => Way | undefined {
  const from = new Int32Array(nodes.length).fill(-1);
  const label: string[] = new Array(nodes.length).fill('');
  const rootOf = new Int32Array(nodes.length).fill(-1);
  let level: number[] = [];
  roots.forEach((root, number) => {
    for (const edge of root.edges) {
      if (rootOf[edge.to] !== -1) continue;
      rootOf[edge.to] = number;
      label[edge.to] = edge.label;
      level.push(edge.to);
    }
  });
  while (level.length > 0) {
    const next: number[] = [];
    for (const at of level) {
      for (const edge of nodes[at]?.edges ?? []) {
        if (rootOf[edge.to] !== -1) continue;
        rootOf[edge.to] = rootOf[at] ?? -1;
        from[edge.to] = at;
        label[edge.to] = edge.label;
        next.push(edge.to);
      }
    }
    level = next;
  }
  return (target) => {
    const root = rootOf[target] ?? -1;
    if (root < 0) return undefined;
    const labels: string[] = [];
    const passed: number[] = [];
    for (let at = target; at >= 0; at = from[at] ?? -1) {
      labels.unshift(label[at] ?? '');
      passed.unshift(at);
    }
    return { root, labels, nodes: passed };
  };
}

/** Numbers of the symbols that reach a node. */
export function reachedFrom(graph: PairGraph): (target: number) => readonly number[] {
  const incoming: number[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node: PairNode, at) => {
    for (const { to } of node.edges) incoming[to]?.push(at);
  });
  const rootsAt: number[][] = graph.nodes.map(() => []);
  graph.roots.forEach((root, number) => {
    for (const { to } of root.edges) rootsAt[to]?.push(number);
  });
  const stamp = new Int32Array(graph.nodes.length).fill(-1);
  let round = 0;
  return (target) => {
    round += 1;
    const found = new Set<number>();
    const open = [target];
    stamp[target] = round;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const root of rootsAt[at] ?? []) found.add(root);
      for (const before of incoming[at] ?? []) {
        if (stamp[before] === round) continue;
        stamp[before] = round;
        open.push(before);
      }
    }
    return [...found].sort((a, b) => a - b);
  };
}
