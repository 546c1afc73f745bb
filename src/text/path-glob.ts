/**
 * Whether a path matches a pattern: `*` and `?` within a part, `**` for any number of parts. Both use `/`.
 * Linear in time for each part: patterns come from the configuration, paths from files that may be hostile.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchParts(pattern.split('/'), path.split('/'), 0, 0);
}

function matchParts(pattern: readonly string[], path: readonly string[], at: number, from: number): boolean {
  if (at === pattern.length) return from === path.length;
  const part = pattern[at] ?? '';
  if (part === '**') {
    for (let next = from; next <= path.length; next += 1) {
      if (matchParts(pattern, path, at + 1, next)) return true;
    }
    return false;
  }
  const name = path[from];
  return name !== undefined && matchPart(part, name) && matchParts(pattern, path, at + 1, from + 1);
}

/** Greedy with one point to go back to, which is enough for `*` and `?`. */
function matchPart(pattern: string, name: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (from < name.length) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] === name[from] && pattern[at] !== '*'))) {
      at += 1;
      from += 1;
    } else if (pattern[at] === '*') {
      star = at;
      resume = from;
      at += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      from = resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
