/** The end of a stream of text, kept within a fixed size however much comes. */
export interface Tail {
  readonly push: (chunk: string) => void;
  /** What is kept; starts at a line start when something was dropped. */
  readonly text: () => string;
  /** Whether anything was dropped. */
  readonly cut: () => boolean;
}

/**
 * Keeps the last `limit` characters of what is pushed.
 * @param limit UTF-16 code units
 */
export function tailOf(limit: number): Tail {
  let kept: string[] = [];
  let length = 0;
  let cut = false;

  // Joining on every chunk would be quadratic; joining when twice the limit is held is linear over all chunks.
  const compact = (): string => {
    let joined = kept.join('');
    if (joined.length > limit) {
      cut = true;
      joined = joined.slice(joined.length - limit);
    }
    kept = [joined];
    length = joined.length;
    return joined;
  };

  return {
    push(chunk) {
      kept.push(chunk);
      length += chunk.length;
      if (length > 2 * limit || kept.length > 4096) compact();
    },
    text() {
      const joined = compact();
      if (!cut) return joined;
      const newline = joined.indexOf('\n');
      return newline < 0 ? joined : joined.slice(newline + 1);
    },
    cut: () => cut,
  };
}
