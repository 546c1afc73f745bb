import type { Member, TypeGraph } from '../model.ts';
import type { RecordNode } from '../record-node.ts';
import { flatMembers, type Placed } from './flatten.ts';
import { sizeOf } from './peel.ts';
import type { Graphs } from './relation.ts';

/** Bits from the start of the record; `to` is behind the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Two records' members with those apart that only keep room. */
export interface Reserve {
  readonly before: readonly Placed[];
  readonly after: readonly Placed[];
  /** Room that was reserved in the old record. */
  readonly room: readonly Range[];
  /** Reserved members of the new record. */
  readonly left: readonly Placed[];
  /** There are more members than are compared. */
  readonly cut: boolean;
}

/** Members that were left for later use: putting them to use is what they are for. */
const RESERVED = /^_*(?:reserved|rsvd|resv|unused|spare|pad|padding|dummy|future|filler)_*\d*_*\w?$/i;

/** Names of real members are shorter; the pattern is not for text without end. */
const MAX_NAME = 64;

export function isReserved(name: string): boolean {
  return name.length <= MAX_NAME && RESERVED.test(name);
}

export function rangeOf(graph: TypeGraph, { bitOffset, bitSize, type }: Member): Range {
  return { from: bitOffset, to: bitOffset + (bitSize ?? (sizeOf(graph, type) ?? 0) * 8) };
}

/**
 * Takes out of two records of one size the members that only keep room: how the rest of a reserve is cut and called
 * means nothing. In records of two sizes they count as members.
 */
export function reserveOf(graphs: Graphs, a: RecordNode, b: RecordNode): Reserve {
  const [old, now] = [flatMembers(graphs.old, a), flatMembers(graphs.new, b)];
  const [before, after, cut] = [old.placed, now.placed, old.cut || now.cut];
  if (a.size !== b.size) return { before, after, room: [], left: [], cut };
  const kept = before.filter(({ key }) => isReserved(key));
  return {
    before: before.filter(({ key }) => !isReserved(key)),
    after: after.filter(({ key }) => !isReserved(key)),
    room: joined(kept.map(({ member }) => rangeOf(graphs.old, member))),
    left: after.filter(({ key }) => isReserved(key)),
    cut,
  };
}

/** Ranges that touch each other are one. */
export function joined(ranges: readonly Range[]): readonly Range[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((one, other) => one.from - other.from)) {
    if (from >= to) continue;
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

export function inReserve(graph: TypeGraph, member: Member, { room }: Reserve): boolean {
  const { from, to } = rangeOf(graph, member);
  const range = firstEndingAfter(room, from);
  return range !== undefined && range.from <= from && range.to >= to;
}

/** Of sorted ranges that do not touch, the first that ends behind a place. */
export function firstEndingAfter(ranges: readonly Range[], place: number): Range | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.to ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return ranges[low];
}
