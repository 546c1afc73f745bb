import { posix } from 'node:path';
import type { Step } from '../rules/finding.ts';
import type { DecidedStep, Decision, Evidence } from './decision.ts';

/** slsa.dev/spec/v1.2/verification_summary */
export const SUMMARY_TYPE = 'https://slsa.dev/verification_summary/v1';
/** in-toto attestation, spec/predicates/test-result.md */
export const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1';
/** in-toto attestation, spec/v1/envelope.md */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** An in-toto statement v1. */
export interface Statement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** No provenance is judged by SLSA's levels here, so no level of its build track is claimed. */
const NO_BUILD_LEVEL = 'SLSA_BUILD_LEVEL_UNEVALUATED';

/** What a step shows when it ran and nothing was found; names of our own, which must not begin with SLSA_. */
const LEVELS: Readonly<Record<Step, string>> = {
  build: 'PLUGIN_GATE_BUILT',
  read: 'PLUGIN_GATE_READ',
  compare: 'PLUGIN_GATE_COMPATIBLE',
  fit: 'PLUGIN_GATE_FITS_HOSTS',
  verify: 'PLUGIN_GATE_SIGNATURE_VERIFIED',
  load: 'PLUGIN_GATE_LOADED',
};

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}

function descriptor({ name, digest }: Evidence): object {
  return { name, digest: { sha256: hexOf(digest) } };
}

function resource({ name, digest }: Evidence): object {
  return { uri: name, digest: { sha256: hexOf(digest) } };
}

function statement(
  artifact: { readonly file: string; readonly digest: string },
  predicateType: string,
  predicate: Readonly<Record<string, unknown>>,
): Statement {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: posix.basename(artifact.file), digest: { sha256: hexOf(artifact.digest) } }],
    predicateType,
    predicate,
  };
}

/** A verifier in the sense of SLSA: who answers for the verdict. */
export interface VerifierIdentity {
  /** URI. */
  readonly id: string;
}

/**
 * The SLSA verification summary of a decision: PASSED only for `passed`. The levels are those of steps that ran and
 * found nothing; what a waiver or the policy let pass gives none.
 * @returns undefined when there was no artifact to speak of
 */
export function verificationSummary(decision: Decision, verifier: VerifierIdentity): Statement | undefined {
  const { artifact, result, steps } = decision;
  if (artifact === undefined) return undefined;
  const passed = result === 'passed';
  const levels = steps.filter(({ clean }) => clean).map(({ step }) => LEVELS[step]);
  return statement(artifact, SUMMARY_TYPE, {
    verifier: { id: verifier.id, version: { 'plugin-gate': decision.tool } },
    timeVerified: decision.time,
    resourceUri: decision.resource,
    policy: resource(decision.policy),
    inputAttestations: decision.inputs.map(resource),
    verificationResult: passed ? 'PASSED' : 'FAILED',
    verifiedLevels: passed ? [NO_BUILD_LEVEL, ...levels] : ['FAILED'],
    slsaVersion: '1.2',
  });
}

function named(steps: readonly DecidedStep[], ...statuses: readonly DecidedStep['status'][]): readonly string[] {
  return steps.filter(({ status }) => statuses.includes(status)).map(({ step }) => step);
}

/**
 * The in-toto test result of a decision: one test for each step that ran. What stayed undecided counts as failed.
 * @returns undefined when there was no artifact to speak of
 */
export function testResult(decision: Decision): Statement | undefined {
  const { artifact, result, steps, baseline } = decision;
  if (artifact === undefined) return undefined;
  const warned = named(steps, 'warn');
  return statement(artifact, TEST_RESULT_TYPE, {
    result: result !== 'passed' ? 'FAILED' : warned.length > 0 ? 'WARNED' : 'PASSED',
    configuration: [
      descriptor(decision.config),
      descriptor(decision.policy),
      ...(baseline === undefined ? [] : [descriptor(baseline)]),
    ],
    passedTests: named(steps, 'pass'),
    warnedTests: warned,
    failedTests: named(steps, 'fail', 'undecided'),
  });
}
