/**
 * Whether a path matches a pattern: `*` and `?` within a part, `**` for any number of parts. Both use `/`.
 * In time at most the product of both lengths: patterns come from the configuration, paths from files that may be
 * hostile.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchList(pattern.split('/'), path.split('/'), '**', matchPart);
}

function matchPart(pattern: string, name: string): boolean {
  return matchList([...pattern], [...name], '*', (one, other) => one === '?' || one === other);
}

/**
 * Greedy with one point to go back to: where a later wildcard was reached, an earlier one can take nothing more that
 * would help.
 * @param any the element that stands for any number of elements
 */
function matchList(
  pattern: readonly string[],
  items: readonly string[],
  any: string,
  matches: (element: string, item: string) => boolean,
): boolean {
  let at = 0;
  let wildcard = -1;
  let resume = 0;
  for (let from = 0; from < items.length; ) {
    const element = pattern[at];
    if (element === any) {
      wildcard = at++;
      resume = from;
    } else if (element !== undefined && matches(element, items[from] ?? '')) {
      at++;
      from++;
    } else if (wildcard >= 0) {
      at = wildcard + 1;
      from = ++resume;
    } else return false;
  }
  return pattern.slice(at).every((element) => element === any);
}
