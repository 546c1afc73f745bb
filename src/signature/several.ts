import type { RuleId } from '../rules/catalogue.ts';
import type { Verdict } from './judge-bundle.ts';

/** A bundle that is about something else says nothing about this file. */
const ELSEWHERE: readonly RuleId[] = ['sig/wrong-subject', 'sig/wrong-predicate', 'sig/digest-mismatch'];

/** How far a verdict is from being one about this file that holds. */
function distance({ findings }: Verdict): number {
  const elsewhere = findings.some(({ rule }) => ELSEWHERE.includes(rule));
  return findings.length + (elsewhere ? 1000 : 0);
}

/**
 * Judges bundles until one holds: several attestations can lie in one file, of which one is enough. When none holds,
 * the verdict of the one that came nearest, which is the one that a person wants to hear about.
 */
export function nearest(candidates: readonly (() => Verdict)[]): Verdict {
  let best: Verdict | undefined;
  for (const judge of candidates) {
    const verdict = judge();
    if (verdict.findings.length === 0) return verdict;
    if (best === undefined || distance(verdict) < distance(best)) best = verdict;
  }
  if (best === undefined) throw new Error('there is no bundle');
  const { line, lines } = best.evidence.signature;
  if (line === undefined || lines === undefined) return best;
  const where = `None of the ${lines} bundles holds; the nearest is number ${line}.`;
  return { ...best, findings: best.findings.map((each) => ({ ...each, message: `${each.message} (${where})` })) };
}
