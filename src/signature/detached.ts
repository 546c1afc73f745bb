import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import { decodedSignature } from './from-parts.ts';
import { type SigningKey, verifies } from './key.ts';
import { LIMITS } from './limits.ts';
import type { SignaturePolicy } from './policy.ts';

/** The findings about a signature in a file of its own, made with the policy's key over the file's bytes. */
export function detachedFindings(
  signature: Uint8Array,
  artifact: Artifact,
  policy: SignaturePolicy,
  key: SigningKey | undefined,
): readonly Finding[] {
  if (signature.length > LIMITS.signatureBytes) {
    const message = `Expected a signature of at most ${LIMITS.signatureBytes} bytes, found a longer file.`;
    return [finding('sig/too-large', message)];
  }
  if (signature.length === 0) return [finding('sig/malformed', 'Expected a signature, found an empty file.')];
  if (key === undefined) {
    return [
      finding(
        'sig/unsupported',
        'Expected a bundle, or a signature with its certificate, found a signature alone: it names no signer and proves no time.',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (policy.predicateTypes !== undefined) {
    findings.push(finding('sig/no-attestation', 'Expected an attestation, found a signature of the file alone.'));
  }
  if (policy.log === 'required') {
    findings.push(
      finding(
        'sig/no-log-entry',
        'Expected a transparency log entry, found a signature in a file of its own, which has none.',
      ),
    );
  }
  if (artifact.bytes === undefined) {
    findings.push(
      finding('sig/needs-file', 'The signature is over the bytes of the file, and only its digest was given.'),
    );
  } else if (!verifies(key, artifact.bytes, decodedSignature(signature))) {
    findings.push(
      finding(
        'sig/key-mismatch',
        `Expected a signature of this file by the ${key.facts.algorithm} key ${key.facts.fingerprint}, found one that this key did not make over these bytes.`,
        {
          subject: key.facts.fingerprint,
          details: `To look at it: openssl dgst -sha256 -verify KEY -signature SIGNATURE FILE, and sha256sum FILE (here sha256 ${artifact.sha256}).`,
        },
      ),
    );
  }
  return findings;
}
