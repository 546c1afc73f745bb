import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { member, parseStrictJson } from '../signature/json.ts';
import { LIMITS } from '../signature/limits.ts';

/** What who deploys a plugin relies on. The signer and the subject's digest are checked before, with the signature. */
export interface ExpectedSummary {
  /** URI of the verifier, exactly. */
  readonly verifier: string;
  /** Policies that are agreed to, `sha256:<hex>`; any when empty. */
  readonly policies: readonly string[];
  /** URI of the artifact, exactly. */
  readonly resource?: string;
  /** Levels that must all be verified. */
  readonly levels: readonly string[];
  /** Milliseconds since the verification. */
  readonly maxAge?: number;
  readonly now: Date;
}

/** What a summary says; only claims until the signature was verified. */
export interface SummaryFacts {
  readonly verifier?: string;
  readonly result?: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly resource?: string;
  /** `sha256:<hex>` */
  readonly policy?: string;
  readonly levels: readonly string[];
}

/** Milliseconds that two clocks may differ. */
const CLOCKS = 5 * 60_000;
const MOST_LEVELS = 100;

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, LIMITS.name) : undefined;
}

/** A value for a message. */
function shown(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value.length > 300 ? `${value.slice(0, 300)}…` : value);
}

function factsOf(predicate: unknown): SummaryFacts {
  const hex = member(predicate, 'policy', 'digest', 'sha256');
  const levels = member(predicate, 'verifiedLevels');
  const facts = {
    verifier: text(member(predicate, 'verifier', 'id')),
    result: text(member(predicate, 'verificationResult')),
    time: text(member(predicate, 'timeVerified')),
    resource: text(member(predicate, 'resourceUri')),
    policy: typeof hex === 'string' && /^[0-9a-f]{64}$/.test(hex) ? `sha256:${hex}` : undefined,
  };
  return {
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
    levels: Array.isArray(levels) ? levels.slice(0, MOST_LEVELS).flatMap((one) => text(one) ?? []) : [],
  };
}

/** RFC 3339 in UTC or with an offset; anything else is no time. */
function timeOf(value: string | undefined): number {
  if (value === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(value)) {
    return Number.NaN;
  }
  return Date.parse(value);
}

/** `90 seconds`, `5 hours`, `12 days`. */
function spanOf(milliseconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['days', 86_400_000],
    ['hours', 3_600_000],
    ['minutes', 60_000],
  ];
  const [name, size] = units.find(([, length]) => Math.abs(milliseconds) >= 2 * length) ?? ['seconds', 1000];
  return `${Math.round(milliseconds / size)} ${name}`;
}

function ageFinding({ time }: SummaryFacts, { maxAge, now }: ExpectedSummary): Finding | undefined {
  const verified = timeOf(time);
  if (Number.isNaN(verified)) {
    return finding('verdict/malformed', `Expected a time of verification, found ${shown(time)}.`, { subject: 'time' });
  }
  if (maxAge === undefined) return undefined;
  const age = now.getTime() - verified;
  if (age < -CLOCKS) {
    const message = `Expected a verification before now (${now.toISOString()}), found one at ${shown(time)}. Check the clock of this machine.`;
    return finding('verdict/too-old', message, { subject: 'time' });
  }
  if (age <= maxAge) return undefined;
  const message = `Expected a verification of the last ${spanOf(maxAge)}, found one of ${shown(time)}, ${spanOf(age)} ago.`;
  return finding('verdict/too-old', message, { subject: 'time' });
}

/**
 * Compares a SLSA verification summary (slsa.dev/verification_summary/v1) with what is relied on: verifier, policy,
 * resource, result, levels, age. All differences at once; each says what was expected and what was found.
 * @param payload the signed statement; its type, predicate type and subject are checked with the signature
 */
export function summaryFindings(
  payload: Uint8Array,
  expected: ExpectedSummary,
): { readonly findings: readonly Finding[]; readonly facts?: SummaryFacts } {
  const bounds = { bytes: LIMITS.documentBytes, depth: LIMITS.depth, values: LIMITS.payloadValues };
  const parsed = parseStrictJson(payload, bounds);
  const predicate = parsed.ok ? member(parsed.value, 'predicate') : undefined;
  if (typeof predicate !== 'object' || predicate === null) {
    return {
      findings: [finding('verdict/malformed', 'Expected a verification summary, found a statement without one.')],
    };
  }
  const facts = factsOf(predicate);
  const findings: Finding[] = [];
  const differs = (rule: Parameters<typeof finding>[0], subject: string, message: string): void => {
    findings.push(finding(rule, message, { subject }));
  };
  if (facts.verifier !== expected.verifier) {
    differs(
      'verdict/wrong-verifier',
      'verifier',
      `Expected the verifier ${shown(expected.verifier)}, found ${shown(facts.verifier)}.`,
    );
  }
  if (expected.resource !== undefined && facts.resource !== expected.resource) {
    differs(
      'verdict/wrong-resource',
      'resource',
      `Expected the resource ${shown(expected.resource)}, found ${shown(facts.resource)}.`,
    );
  }
  if (expected.policies.length > 0 && !expected.policies.includes(facts.policy ?? '')) {
    differs(
      'verdict/wrong-policy',
      'policy',
      `Expected the policy ${expected.policies.join(' or ')}, found ${facts.policy ?? 'none with a SHA-256'}.`,
    );
  }
  if (facts.result !== 'PASSED') {
    differs('verdict/not-passed', 'result', `Expected the result "PASSED", found ${shown(facts.result)}.`);
  }
  for (const level of expected.levels.filter((one) => !facts.levels.includes(one))) {
    const found = facts.levels.length === 0 ? 'none' : facts.levels.slice(0, 20).join(', ');
    differs('verdict/level-missing', level, `Expected the level ${shown(level)}, found ${found.slice(0, 1000)}.`);
  }
  const age = ageFinding(facts, expected);
  return { findings: age === undefined ? findings : [...findings, age], facts };
}
