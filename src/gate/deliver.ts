import type { ConfigFiles } from '../config/read.ts';
import { isEnvironmentError } from '../errors.ts';
import { appendToRecord, type Entry } from '../record/append.ts';
import type { PlacedFinding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Decision } from '../verdict/decision.ts';
import type { SignerOutcome } from '../verdict/signer.ts';
import { removeSigned, type SigningOutcome, signDecision } from '../verdict/write.ts';
import type { PluginResult } from './report.ts';
import type { Progress } from './step.ts';

export interface Delivery {
  /** What kept a decision from being signed or recorded. */
  readonly findings: readonly PlacedFinding[];
  /** For each decision, in the same order, what the report says of it. */
  readonly verdicts: readonly (PluginResult['verdict'] | undefined)[];
}

/**
 * Signs every decision and writes it beside its artifact, then appends all to the record. A decision that cannot be
 * signed is recorded as such.
 * @param signer undefined where the configuration asks for no signed verdict
 */
export async function deliver(
  decisions: readonly Decision[],
  signer: SignerOutcome | undefined,
  config: ConfigFiles,
  progress: Progress,
): Promise<Delivery> {
  const { verdict, report } = config.config;
  const findings: PlacedFinding[] = [];
  const entries: Entry[] = [];
  for (const decision of decisions) {
    const signing =
      verdict === undefined || signer === undefined
        ? undefined
        : await sign(decision, verdict.verifier, signer, config.root, progress);
    entries.push({ decision, ...(signing === undefined ? {} : { signing }) });
    if (signing !== undefined && 'problem' in signing && decision.artifact !== undefined) {
      removeSigned(decision, config.root);
      const { plugin, target } = decision;
      const message = `The verdict about ${plugin} for ${target} is not signed: ${signing.problem}`;
      const severity = verdict?.required === false ? 'warning' : 'error';
      findings.push({ ...finding('verdict/not-signed', message, { subject: plugin, severity }), plugin, target });
    }
  }
  const record = report.record;
  if (record !== undefined) {
    try {
      await appendToRecord(config.root, record, entries);
    } catch (error) {
      if (!isEnvironmentError(error)) throw error;
      findings.push(finding('verdict/not-recorded', error.message, { subject: record }));
    }
  }
  return { findings, verdicts: entries.map(verdictOf) };
}

async function sign(
  decision: Decision,
  verifier: string,
  outcome: SignerOutcome,
  root: string,
  progress: Progress,
): Promise<SigningOutcome | undefined> {
  if ('missing' in outcome) return { problem: `${outcome.missing}.` };
  progress.start(`signing the verdict about ${decision.plugin} for ${decision.target}`);
  return await signDecision(decision, verifier, outcome.signer, root);
}

function verdictOf({ decision, signing }: Entry): PluginResult['verdict'] {
  const { result, policy, resource } = decision;
  return {
    result,
    policy: policy.digest,
    resource,
    ...(signing !== undefined && 'signed' in signing
      ? {
          signer: signing.signed.signer,
          summary: { file: signing.signed.summary.name, digest: signing.signed.summary.digest },
          testResult: { file: signing.signed.testResult.name, digest: signing.signed.testResult.digest },
        }
      : {}),
  };
}
