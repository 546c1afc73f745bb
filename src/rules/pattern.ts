/**
 * Patterns of waivers: `*` stands for any run of characters, also none; `\*` and `\\` stand for themselves; all else
 * matches exactly, upper and lower case apart. No regular expressions: names come from hostile files, and a C++ name
 * such as `operator*` must be writable.
 */

const ANY = Symbol('any');

function piecesOf(pattern: string): (string | typeof ANY)[] {
  const pieces: (string | typeof ANY)[] = [];
  let literal = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? '';
    const next = pattern[i + 1];
    if (char === '\\' && (next === '*' || next === '\\')) {
      literal += next;
      i++;
    } else if (char === '*') {
      if (literal !== '') pieces.push(literal);
      literal = '';
      if (pieces.at(-1) !== ANY) pieces.push(ANY);
    } else {
      literal += char;
    }
  }
  if (literal !== '') pieces.push(literal);
  return pieces;
}

/** Whether a pattern can match more than one name. */
export function hasWildcard(pattern: string): boolean {
  return piecesOf(pattern).includes(ANY);
}

/** The one name that a pattern matches; undefined for a pattern with a wildcard. */
export function literalOf(pattern: string): string | undefined {
  const pieces = piecesOf(pattern);
  const [first = ''] = pieces;
  return pieces.includes(ANY) || typeof first !== 'string' ? undefined : first;
}

/** The pattern that matches one name and nothing else. */
export function exactly(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('*', '\\*');
}

/**
 * Whether a pattern matches a whole name. Literal pieces are looked for from left to right, each as early as possible,
 * so that no input makes it go back.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const pieces = piecesOf(pattern);
  if (!pieces.includes(ANY)) return (pieces[0] ?? '') === name;
  let from = 0;
  let end = name.length;
  const first = pieces[0];
  if (typeof first === 'string') {
    if (!name.startsWith(first)) return false;
    from = first.length;
    pieces.shift();
  }
  const last = pieces.at(-1);
  if (typeof last === 'string') {
    end -= last.length;
    if (end < from || !name.endsWith(last)) return false;
    pieces.pop();
  }
  for (const piece of pieces) {
    if (piece === ANY) continue;
    const at = name.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
