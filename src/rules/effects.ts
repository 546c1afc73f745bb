import type { Effect, Finding, Severity } from './finding.ts';

/** The verdicts of `diff`. */
export type DiffVerdict = 'identical' | Effect;

/** Best first. Breaking outranks undecided: a proven break does not get better by what could not be seen. */
export const DIFF_VERDICTS = ['identical', 'compatible', 'risky', 'source-breaking', 'undecided', 'breaking'] as const;

/** The worst effect among findings; `identical` when none has an effect. */
export function worstEffect(findings: readonly Finding[]): DiffVerdict {
  let worst = 0;
  for (const { effect } of findings) {
    if (effect !== undefined) worst = Math.max(worst, DIFF_VERDICTS.indexOf(effect));
  }
  return DIFF_VERDICTS[worst] ?? 'identical';
}

/** The severity that an effect has unless the rule or the policy says otherwise. */
export function severityOfEffect(effect: Effect): Severity {
  switch (effect) {
    case 'compatible':
      return 'note';
    case 'risky':
      return 'warning';
    case 'source-breaking':
    case 'breaking':
      return 'error';
    case 'undecided':
      return 'undecided';
  }
}
