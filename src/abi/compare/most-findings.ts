import { severityOfEffect } from '../../rules/effects.ts';
import type { Effect, Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';

/** Changed types that are told one by one: nobody reads more of them, and reports hold them all. */
const MOST = 1_000;
const WORST_FIRST: readonly Effect[] = ['breaking', 'undecided', 'source-breaking', 'risky', 'compatible'];
/** Names of types that stand for the others. */
const MAX_NAMED = 5;

/**
 * The worst of what is to be told, and a finding that counts the others and is as bad as the worst of them: nothing is
 * passed over in silence.
 */
export function mostFindings<One extends { readonly effect: Effect; readonly subject: string }>(
  all: readonly One[],
): { readonly kept: readonly One[]; readonly more: readonly Finding[] } {
  if (all.length <= MOST) return { kept: all, more: [] };
  const sorted = WORST_FIRST.flatMap((effect) => all.filter((one) => one.effect === effect));
  const rest = sorted.slice(MOST);
  const counts = WORST_FIRST.flatMap((effect) => {
    const count = rest.filter((one) => one.effect === effect).length;
    return count === 0 ? [] : [`${count} ${effect}`];
  });
  const names = rest.slice(0, MAX_NAMED).map(({ subject }) => subject);
  const worst = rest[0]?.effect ?? 'compatible';
  const message = `${rest.length} more types changed (${counts.join(', ')}), ${names.join(', ')} among them.`;
  const more = finding('abi/more-changes', message, {
    effect: worst,
    severity: severityOfEffect(worst),
    // With its number: who accepts these accepts no others.
    subject: `${rest.length} more types`,
  });
  return { kept: sorted.slice(0, MOST), more: [more] };
}
