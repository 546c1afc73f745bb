import type { Edge } from './change.ts';
import type { PairGraph } from './explore.ts';

/**
 * How consumers come by a type, as bits. `IN`: they make it and the plugin reads it; `OUT`: the plugin makes it and they
 * read it; `VALUE`: it is passed or returned itself, not by pointer; `EMBEDDED`: it is part of a type that they know;
 * `EXPORTED`: what the plugin exports leads to it, not only what it takes from its host.
 */
export const EXPOSURE = { in: 1, out: 2, value: 4, pointer: 8, embedded: 16, exported: 32 } as const;

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
    // What the plugin takes from its host goes the other way.
    const direction = root.imported === true ? EXPOSURE.in : EXPOSURE.out | EXPOSURE.exported;
    const start = root.kind === 'function' ? direction : BOTH | EXPOSURE.exported;
    for (const edge of root.edges) {
      add(edge.to, root.exposure ?? start | (edge.kind === 'pointer' ? EXPOSURE.pointer : EXPOSURE.value));
    }
  }
  // Each node is looked at several times, and whether it is private costs more than the rest.
  const hidden = new Int8Array(nodes.length).fill(-1);
  const isPrivateNode = (at: number): boolean => {
    if (hidden[at] === -1) hidden[at] = isPrivate(at) ? 1 : 0;
    return hidden[at] === 1;
  };
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const from = flags[at] ?? 0;
    if (!isSeen(from) && isPrivateNode(at)) continue;
    const edges = nodes[at]?.edges;
    if (edges === undefined) continue;
    for (let number = 0; number < edges.length; number += 1) {
      const edge = edges[number];
      if (edge !== undefined) add(edge.to, carried(from, edge));
    }
  }
  return flags;
}

/** A private type that consumers never have as a value: what passes or embeds a type needs its definition. */
export function isHidden(flags: number, isPrivate: () => boolean): boolean {
  return !isSeen(flags) && isPrivate();
}

function isSeen(flags: number): boolean {
  return (flags & (EXPOSURE.value | EXPOSURE.embedded)) !== 0;
}

function carried(from: number, edge: Edge): number {
  const direction = (edge.flips === true ? flipped(from & BOTH) : from & BOTH) | (from & EXPOSURE.exported);
  switch (edge.kind) {
    case 'parameter':
    case 'result':
      return direction | EXPOSURE.value;
    case 'pointer':
      return direction | EXPOSURE.pointer;
    case 'value':
      return (from & ~EXPOSURE.value) | EXPOSURE.embedded;
  }
}

function flipped(direction: number): number {
  return ((direction & EXPOSURE.in) !== 0 ? EXPOSURE.out : 0) | ((direction & EXPOSURE.out) !== 0 ? EXPOSURE.in : 0);
}
