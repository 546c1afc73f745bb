import { DIFF_VERDICTS, type DiffVerdict } from '../rules/effects.ts';
import type { Finding, Severity } from '../rules/finding.ts';

const SEVERITIES = ['note', 'warning', 'undecided', 'error'] as const satisfies readonly Severity[];

/** By effect, then by severity, worst first; the order of the comparison within. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => weight(b) - weight(a));
}

function weight({ effect, severity }: Finding): number {
  const byEffect = effect === undefined ? 0 : DIFF_VERDICTS.indexOf(effect);
  return byEffect * SEVERITIES.length + SEVERITIES.indexOf(severity);
}

/** What each verdict means for those who use the plugin, one sentence. */
export const VERDICT_MEANING: Readonly<Record<DiffVerdict, string>> = {
  identical: 'Interface, needs and hardening are the same.',
  compatible: 'Every existing binary and source goes on working.',
  risky: 'It depends on how consumers use it, or on the system it runs on.',
  'source-breaking': 'Existing binaries go on working; a rebuild fails or differs.',
  undecided: 'The evidence does not suffice.',
  breaking: 'A host or program built against the old file can fail with the new one.',
};

/** How many findings there are of each severity, as reports count them. */
export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, note: 0, undecided: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}
