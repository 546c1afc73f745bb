import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { SignatureEvidence } from '../../signature/evidence.ts';
import { rollbackFindings } from '../../version/rollback.ts';
import { type GateStep, type Known, skip } from '../known.ts';
import type { Job } from '../plan.ts';
import { findSignature, lastingSigner, verifyRelease } from '../signature/verify.ts';
import type { StepOutcome } from '../step.ts';

/**
 * Checks who signed the artifact, over the same bytes that are loaded afterwards, whether it is the one who signed the
 * release before, and whether it is newer than what was released.
 */
export const verifyStep: GateStep = async (job, known, context) => {
  const { artifact, prepared } = known;
  const { signature: config } = job;
  if (artifact === undefined) {
    return config === undefined
      ? skip('the configuration asks for no signature', { signature: 'cleared' })
      : skip('there is no plugin file to verify');
  }
  const rollback = rollbackOf(job, known);
  const without = (reason: string) =>
    rollback.length === 0
      ? skip(reason, { signature: 'cleared' })
      : {
          outcome: { findings: rollback, evidence: undefined, summary: reason },
          known: { signature: 'cleared' } as const,
        };
  if (config === undefined) return without('the configuration asks for no signature');
  const what = `signature of plugin ${job.plugin.name}`;
  const signature = findSignature(config, job.tokens, context.root, what);
  if (signature.form === 'none' && !config.required) {
    return without(`no signature was found (${signature.looked.join(', ')}), and none is required`);
  }
  const { version } = job.plugin;
  const { signature: files = {}, currentTrust: current } = prepared;
  const verified = await verifyRelease({ bytes: artifact.bytes, section: config, files, current, version }, signature);
  const outcome: StepOutcome<SignatureEvidence | undefined> = {
    ...verified,
    findings: [...verified.findings, ...changedSigner(verified.evidence, known), ...rollback],
  };
  const refused = verified.findings.some(({ severity }) => severity === 'error' || severity === 'undecided');
  return { outcome, known: { signature: refused ? 'refused' : 'cleared' } };
};

/** A release by another signer than the one before; told only when both were proven. */
function changedSigner(evidence: SignatureEvidence | undefined, { previous }: Known): readonly Finding[] {
  const now = lastingSigner(evidence);
  const before = lastingSigner(previous?.signature);
  if (now === undefined || before === undefined || now === before) return [];
  const message = `The release before (${previous?.source}) was signed by ${before}, this one by ${now}.`;
  return [finding('sig/signer-changed', message, { subject: now })];
}

function rollbackOf({ plugin, target, rollback }: Job, { artifact, prepared }: Known): readonly Finding[] {
  if (rollback === undefined || artifact === undefined || plugin.version === undefined) return [];
  return rollbackFindings(
    { plugin: plugin.name, target, version: plugin.version, digest: artifact.digest },
    { floor: rollback.floor, ledger: prepared.ledger },
  );
}
