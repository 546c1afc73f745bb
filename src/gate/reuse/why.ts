import { plural } from '../../text/units.ts';
import type { Labels } from './labels.ts';

/** Inputs that a sentence names. */
const SHOWN = 2;

/** What differs between the inputs of two runs: `internal/x/y.go changed, go.sum is new and 3 more changes`. */
export function differenceOf(before: Labels, now: Labels): string | undefined {
  const changes = [
    ...Object.entries(now).flatMap(([name, value]) => {
      const old = before[name];
      if (old === value) return [];
      return [old === undefined ? `${name} is new` : `${name} changed`];
    }),
    ...Object.keys(before).flatMap((name) => (Object.hasOwn(now, name) ? [] : [`${name} is gone`])),
  ];
  if (changes.length === 0) return undefined;
  const left = changes.length - SHOWN;
  return changes.slice(0, SHOWN).join(', ') + (left > 0 ? ` and ${plural(left, 'more change')}` : '');
}
