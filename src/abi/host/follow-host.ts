import { severityOfEffect } from '../../rules/effects.ts';
import type { Finding } from '../../rules/finding.ts';
import type { HostComparison } from './compare-host.ts';

/**
 * Changes of types that are the host's: where the plugin has the very definition that its host has, it only followed.
 * Then hosts of the old version are what it no longer fits, and whether there are any is not known here: `risky`.
 * @param findings of the comparison of two releases
 * @param agreed types of which host and plugin have one definition
 */
export function followHost(
  findings: readonly Finding[],
  agreed: HostComparison['agreed'],
  name: string,
): readonly Finding[] {
  return findings.map((finding) => {
    const { effect, type } = finding;
    const breaks = effect === 'breaking' || effect === 'source-breaking';
    if (!breaks || type === undefined || !agreed.has(type)) return finding;
    const message = `${finding.message} ${name} has the new form too: the plugin fits it, and no longer hosts that have the old one.`;
    return { ...finding, effect: 'risky', severity: severityOfEffect('risky'), message };
  });
}
