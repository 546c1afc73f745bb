/** Pseudo-random numbers from a seed (mulberry32), so that every run makes the same files. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A part of a file. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

/**
 * A damaged copy: one to eight faults of the kinds that break readers, inside the given ranges.
 * @param random gives numbers from 0 up to 1
 */
export function mutate(bytes: Uint8Array, ranges: readonly Range[], random: () => number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const below = (limit: number): number => Math.floor(random() * limit);
  const faults = 1 + below(8);
  for (let fault = 0; fault < faults; fault += 1) {
    const range = ranges[below(ranges.length)];
    if (range === undefined || range.size === 0) continue;
    const at = range.offset + below(range.size);
    const end = range.offset + range.size;
    switch (below(7)) {
      case 0: // a bit
        copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
        break;
      case 1: // a byte
        copy[at] = below(256);
        break;
      case 2: {
        // a length, an offset or a count
        const value = EXTREMES[below(EXTREMES.length)] ?? 0;
        for (let byte = 0; byte < 4 && at + byte < end; byte += 1) copy[at + byte] = (value >>> (byte * 8)) & 0xff;
        break;
      }
      case 3: // a LEB128 number that does not end
        copy.fill(0x80 | below(128), at, Math.min(end, at + 1 + below(40)));
        break;
      case 4: // nothing where something was
        copy.fill(0, at, Math.min(end, at + 1 + below(64)));
        break;
      case 5: // a piece of the same section at another place
        copy.copyWithin(at, range.offset + below(range.size), Math.min(end, range.offset + below(range.size) + 32));
        break;
      default: // a reference to somewhere near: loops
        copy[at] = below(128);
    }
  }
  return below(12) === 0 ? copy.subarray(0, below(copy.length)) : copy;
}
