/**
 * Whether a name matches a shell pattern as version scripts use them: `*`, `?`, `[a-z]`, `[!a]`, backslash. Time is at
 * most the product of both lengths, whatever the pattern. Source: fnmatch(3) with no flags, as GNU ld calls it.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let retry = 0;
  while (position < name.length) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      retry = position;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, name[position] ?? '') : undefined;
    if (next !== undefined) {
      at = next;
      position += 1;
    } else if (star >= 0) {
      at = star + 1;
      retry += 1;
      position = retry;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** Index behind the pattern element at `at` when it matches the character. */
function matchOne(pattern: string, at: number, character: string): number | undefined {
  const symbol = pattern[at];
  if (symbol === '?') return at + 1;
  if (symbol === '[') {
    const set = bracket(pattern, at);
    if (set !== undefined) return set.has(character) ? set.end : undefined;
  }
  if (symbol === '\\' && at + 1 < pattern.length) return pattern[at + 1] === character ? at + 2 : undefined;
  return symbol === character ? at + 1 : undefined;
}

/** A bracket expression; undefined when it is not closed and so stands for itself. */
function bracket(pattern: string, open: number): { end: number; has: (character: string) => boolean } | undefined {
  const negated = pattern[open + 1] === '!' || pattern[open + 1] === '^';
  const first = open + (negated ? 2 : 1);
  const close = pattern.indexOf(']', first + 1);
  if (close < 0) return undefined;
  const has = (character: string): boolean => {
    for (let at = first; at < close; at += 1) {
      const low = pattern[at] ?? '';
      const ranged = pattern[at + 1] === '-' && at + 2 < close;
      const high = ranged ? (pattern[at + 2] ?? '') : low;
      if (character >= low && character <= high) return !negated;
      if (ranged) at += 2;
    }
    return negated;
  };
  return { end: close + 1, has };
}

/** Whether text has anything that a pattern gives a meaning to. */
export function isGlob(text: string): boolean {
  return /[*?[\\]/.test(text);
}
