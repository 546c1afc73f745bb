import type { StepOutcome } from '../gate/step.ts';
import type { Finding } from '../rules/finding.ts';
import type { SignatureEvidence } from './evidence.ts';

/** `uri "https://…" by https://…`, or the key, in a few words. */
export function signerInWords({ signer }: SignatureEvidence): string {
  if (signer === undefined) return 'nobody';
  switch (signer.kind) {
    case 'key':
      return `the ${signer.algorithm} key ${signer.fingerprint}`;
    case 'openpgp':
      return `the OpenPGP key ${signer.fingerprint}${signer.userId === undefined ? '' : ` (${signer.userId})`}`;
    case 'certificate': {
      const issuer = signer.issuer ?? signer.legacyIssuer;
      const names = signer.names.map(({ value }) => value).join(', ') || 'nobody';
      return issuer === undefined ? names : `${names} (issuer ${issuer})`;
    }
  }
}

function summaryOf(findings: readonly Finding[], evidence: SignatureEvidence): string {
  const [first, ...more] = findings;
  if (first === undefined) {
    const [time] = evidence.times;
    const what = evidence.signature.content === 'attestation' ? 'attested' : 'signed';
    return `${what} by ${signerInWords(evidence)}${time === undefined ? '' : ` at ${time.time}`}`;
  }
  return more.length === 0 ? first.message : `${first.message} And ${more.length} more.`;
}

/** Verified exactly when nothing was found. */
export function outcome(findings: readonly Finding[], evidence: SignatureEvidence): StepOutcome<SignatureEvidence> {
  const complete = { ...evidence, verified: findings.length === 0 };
  return { findings, evidence: complete, summary: summaryOf(findings, complete) };
}
