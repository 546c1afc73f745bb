import type { Severity, Step } from './finding.ts';

/** A public control for which a rule gives evidence; never a claim that the control is met. */
export interface Control {
  /** For example `SLSA v1.2`, `OSPS Baseline 2026.02.19`, `NIST SSDF 1.1`, `CNCF SSCP v2`. */
  readonly framework: string;
  /** The control's own id or chapter, for example `PW.8.2`. */
  readonly id: string;
  readonly title: string;
}

/** The static half of a finding: everything that is the same each time the rule fires. */
export interface Rule {
  /** A few words, no full stop: the heading in reports and SARIF. */
  readonly title: string;
  /** Default severity; the policy can change it. */
  readonly severity: Severity;
  /** The step that raises it; `config` for rules about the gate's own configuration. */
  readonly step: Step | 'config';
  /** Why it matters: what happens in production if it is ignored. */
  readonly why: string;
  /** How to fix it in general. */
  readonly fix: string;
  readonly controls: readonly Control[];
}

/** Checks a family's shape while keeping its ids as literal types. */
export function defineRules<const T extends Readonly<Record<string, Rule>>>(rules: T): T {
  return rules;
}
