import { createHash } from 'node:crypto';
import type { RuleId } from './catalogue.ts';
import { ruleOf } from './catalogue.ts';
import type { PlacedFinding, Severity } from './finding.ts';
import type { Waiver } from './waivers.ts';

/** What the project makes of a rule in place of the rule's own severity. */
export type Level = 'error' | 'warning' | 'note' | 'off';

/** The part of the configuration that decides what blocks a release. */
export interface Policy {
  /** What a finding does whose evidence did not suffice. */
  readonly undecided: 'fail' | 'warn' | 'ignore';
  readonly rules: Readonly<Partial<Record<RuleId, Level>>>;
}

/** Faults of the gate itself are no matter of opinion: a step that did not run proves nothing, whatever the policy. */
export function hasFixedLevel(rule: string): boolean {
  return rule.startsWith('gate/');
}

export const DEFAULT_POLICY: Policy = { undecided: 'fail', rules: {} };

/**
 * The severity of a finding under a policy, or `off` when it is to be left out.
 * A level for the rule replaces the finding's severity, but "we could not tell" stays what it is: only a rule that is
 * about missing evidence itself can be given another level. `undecided: ignore` makes a note of it, so that the report
 * still says what was not seen.
 */
export function severityUnder(policy: Policy, finding: PlacedFinding): Severity | 'off' {
  if (hasFixedLevel(finding.rule)) return finding.severity;
  const level = policy.rules[finding.rule];
  if (level === 'off') return 'off';
  const about = ruleOf(finding.rule).severity;
  if (finding.severity === 'undecided' && (level === undefined || about !== 'undecided')) {
    return policy.undecided === 'ignore' ? 'note' : 'undecided';
  }
  return level ?? finding.severity;
}

/** Whether a finding of that severity makes the gate fail. */
export function blocksUnder(policy: Policy, severity: Severity): boolean {
  switch (severity) {
    case 'error':
      return true;
    case 'undecided':
      return policy.undecided === 'fail';
    case 'warning':
    case 'note':
      return false;
  }
}

/** `sha256:<hex>` over policy and waivers, the same for the same content whatever the order of keys and entries. */
export function policyDigest(policy: Policy, waivers: readonly Waiver[]): string {
  const rules = Object.entries(policy.rules).sort(([a], [b]) => (a < b ? -1 : 1));
  const accepted = waivers
    .map((w) => [w.rule, w.subject, w.plugin ?? null, w.target ?? null, w.reason, w.owner, w.expires])
    .map((fields) => JSON.stringify(fields))
    .sort();
  const canonical = JSON.stringify(['plugin-gate/policy/v1', policy.undecided, rules, accepted]);
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
}
