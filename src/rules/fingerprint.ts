import { createHash } from 'node:crypto';
import type { PlacedFinding } from './finding.ts';

function kindOfChange({ old, new: now }: PlacedFinding): 'changed' | 'removed' | 'added' | 'state' {
  if (old !== undefined) return now !== undefined ? 'changed' : 'removed';
  return now !== undefined ? 'added' : 'state';
}

/**
 * What makes two findings the same in two runs: the rule, where it came up, what it is about and whether that was
 * added, removed or changed. Not the message, the values, lines or paths, which change while the matter does not.
 */
function identityOf(finding: PlacedFinding): string {
  const { rule, plugin, target, subject, symbol, type } = finding;
  const fields = [rule, plugin, target, subject, symbol, type, kindOfChange(finding)];
  return JSON.stringify(fields.map((field) => field ?? null));
}

/**
 * The fingerprints of a report's findings, in their order: 32 hex digits each, all different. Findings that are the
 * same but for their text are numbered, so the order given must not depend on the machine.
 */
export function fingerprints(findings: readonly PlacedFinding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const identity = identityOf(finding);
    const ordinal = seen.get(identity) ?? 0;
    seen.set(identity, ordinal + 1);
    const text = ordinal === 0 ? identity : `${identity}#${ordinal}`;
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
  });
}
