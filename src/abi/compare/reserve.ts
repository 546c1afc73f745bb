import type { Member, TypeGraph } from '../model.ts';
import type { Placed } from './flatten.ts';
import { sizeOf } from './peel.ts';

/** Bits from the start of the record; `to` is behind the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Reserve {
  /** Room that was reserved and is no longer. */
  readonly freed: readonly Range[];
  /** Reserved members that gave up a part of their room and moved or became shorter for it. */
  readonly shrunk: ReadonlySet<string>;
}

/** Members that were left for later use: putting them to use is what they are for. */
const RESERVED = /^_*(?:reserved|rsvd|resv|unused|spare|pad|padding|dummy|future|filler)_*\d*_*\w?$/i;

export function isReserved(name: string): boolean {
  return RESERVED.test(name);
}

export function rangeOf(graph: TypeGraph, { bitOffset, bitSize, type }: Member): Range {
  return { from: bitOffset, to: bitOffset + (bitSize ?? (sizeOf(graph, type) ?? 0) * 8) };
}

/** What the reserved members of the old record gave up in the new one. */
export function reserveOf(
  old: TypeGraph,
  before: readonly Placed[],
  now: TypeGraph,
  after: ReadonlyMap<string, Placed>,
): Reserve {
  const freed: Range[] = [];
  const shrunk = new Set<string>();
  for (const { key, member } of before) {
    if (!isReserved(key)) continue;
    const range = rangeOf(old, member);
    const other = after.get(key);
    if (other === undefined) {
      freed.push(range);
      continue;
    }
    const left = rangeOf(now, other.member);
    if (left.from === range.from && left.to === range.to) continue;
    if (left.from < range.from || left.to > range.to) continue;
    shrunk.add(key);
    freed.push({ from: range.from, to: left.from }, { from: left.to, to: range.to });
  }
  return { freed: joined(freed), shrunk };
}

/** Ranges that touch each other are one. */
function joined(ranges: readonly Range[]): readonly Range[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((one, other) => one.from - other.from)) {
    if (from >= to) continue;
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

export function inReserve(graph: TypeGraph, { member }: Placed, { freed }: Reserve): boolean {
  const { from, to } = rangeOf(graph, member);
  return freed.some((range) => range.from <= from && range.to >= to);
}
