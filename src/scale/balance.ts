/** One plugin for one target, with what it is expected to cost. */
export interface CostedJob {
  readonly plugin: string;
  /** `linux/amd64` */
  readonly target: string;
  /** In any unit, the same for all; positive. */
  readonly cost: number;
}

/** A shard under way. */
interface Bin {
  readonly index: number;
  cost: number;
  readonly jobs: CostedJob[];
}

/** GitHub starts at most so many jobs of one matrix. Source: docs.github.com "Usage limits". */
export const MOST_SHARDS = 256;

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function before(a: Bin, b: Bin): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.index < b.index);
}

/** Restores the order of a binary heap whose first bin has grown. */
function sink(heap: Bin[]): void {
  const moved = heap[0];
  if (moved === undefined) return;
  let at = 0;
  for (;;) {
    let next = 2 * at + 1;
    const [left, right] = [heap[next], heap[next + 1]];
    if (left === undefined) break;
    if (right !== undefined && before(right, left)) next += 1;
    const least = heap[next];
    if (least === undefined || !before(least, moved)) break;
    heap[at] = least;
    at = next;
  }
  heap[at] = moved;
}

/**
 * Spreads jobs over a number of shards: the most expensive first, each to the shard that has least (longest processing
 * time first; its largest shard is at most 4/3 of the best possible one: Graham, 1969). The same jobs give the same
 * shards in whatever order they come. No shard is empty.
 */
export function balance(jobs: readonly CostedJob[], shards: number): readonly (readonly CostedJob[])[] {
  const count = Math.min(Math.max(1, Math.floor(shards)), jobs.length);
  const heap: Bin[] = Array.from({ length: count }, (_, index) => ({ index, cost: 0, jobs: [] }));
  const sorted = jobs.toSorted(
    (a, b) => b.cost - a.cost || compareText(a.plugin, b.plugin) || compareText(a.target, b.target),
  );
  for (const job of sorted) {
    const least = heap[0];
    if (least === undefined) break;
    least.jobs.push(job);
    least.cost += job.cost;
    sink(heap);
  }
  return heap.toSorted((a, b) => a.index - b.index).map((bin) => bin.jobs);
}

/**
 * How many of all shards each group gets: in proportion to its cost, at least one, at most one for each job.
 * @param groups cost and number of jobs, none empty
 */
export function share(
  groups: readonly { readonly cost: number; readonly jobs: number }[],
  shards: number,
): readonly number[] {
  const given = groups.map(() => 1);
  const room = Math.min(
    Math.max(shards, groups.length),
    groups.reduce((sum, { jobs }) => sum + jobs, 0),
  );
  for (let left = room - groups.length; left > 0; left -= 1) {
    // To whoever has the most for each of its shards.
    let worst = -1;
    let most = -1;
    for (const [at, { cost, jobs }] of groups.entries()) {
      const have = given[at] ?? 1;
      if (have < jobs && cost / have > most) [worst, most] = [at, cost / have];
    }
    if (worst < 0) break;
    given[worst] = (given[worst] ?? 0) + 1;
  }
  return given;
}
