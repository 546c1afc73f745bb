import type { StepOutcome } from '../gate/step.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import { member, parseStrictJson } from '../signature/json.ts';
import { LIMITS } from '../signature/limits.ts';
import type { SignatureFile, VerifyInput } from '../signature/verify.ts';
import type { ImageSignature } from './signatures.ts';

type Judged = Pick<StepOutcome<SignatureEvidence>, 'findings' | 'evidence'>;
type Verify = (input: VerifyInput) => Promise<Judged>;

/** The statement that `cosign sign` makes since version 3: that the image is signed, and nothing else. */
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';
const PAYLOAD_TYPES: readonly unknown[] = ['cosign container image signature', 'atomic container signature'];

/** The parts of a cosign signature in the form in which they are verified over the payload. */
function asFile(signature: Extract<ImageSignature, { kind: 'cosign' }>): SignatureFile {
  const { name, certificate, chain = '', rekorBundle } = signature;
  if (rekorBundle !== undefined) {
    const bundle = parseStrictJson(Buffer.from(rekorBundle), {
      bytes: LIMITS.documentBytes,
      depth: LIMITS.depth,
      values: LIMITS.bundleValues,
    });
    const whole = {
      base64Signature: signature.signature,
      ...(certificate === undefined ? {} : { cert: Buffer.from(certificate).toString('base64') }),
      rekorBundle: bundle.ok ? bundle.value : 'damaged',
    };
    return { form: 'bundle', name, bytes: Buffer.from(JSON.stringify(whole)) };
  }
  const bytes = Buffer.from(signature.signature);
  return certificate === undefined
    ? { form: 'detached', name, bytes }
    : { form: 'detached', name, bytes, certificate: Buffer.from(`${certificate}\n${chain}`) };
}

/** What the payload of a cosign signature says about an image (cosign, specs/SIGNATURE_SPEC.md). */
function payloadFindings(payload: Uint8Array, about: string): Finding[] {
  const parsed = parseStrictJson(payload, {
    bytes: LIMITS.documentBytes,
    depth: LIMITS.depth,
    values: LIMITS.bundleValues,
  });
  if (!parsed.ok) return [finding('sig/malformed', `The signed payload cannot be read: ${parsed.problem}.`)];
  const type = member(parsed.value, 'critical', 'type');
  if (!PAYLOAD_TYPES.includes(type)) {
    const found = typeof type === 'string' ? JSON.stringify(type.slice(0, 100)) : 'nothing';
    return [finding('sig/wrong-payload-type', `Expected the payload of an image signature, found the type ${found}.`)];
  }
  const digest = member(parsed.value, 'critical', 'image', 'docker-manifest-digest');
  if (digest === about) return [];
  const found = typeof digest === 'string' ? digest.slice(0, 100) : 'none';
  return [
    finding('sig/wrong-subject', `Expected a signature of the image ${about}, found one of ${found}.`, {
      subject: 'digest',
    }),
  ];
}

async function judge(
  signature: ImageSignature,
  input: Omit<VerifyInput, 'artifact' | 'signature'>,
  verify: Verify,
): Promise<Judged> {
  const { policy } = input;
  const digest: `sha256:${string}` = `sha256:${signature.about.slice('sha256:'.length)}`;
  switch (signature.kind) {
    case 'bundle':
      return await verify({
        ...input,
        artifact: digest,
        signature: { form: 'bundle', bytes: signature.bytes, name: signature.name },
        policy: { ...policy, predicateTypes: policy.predicateTypes ?? [COSIGN_SIGN] },
      });
    case 'cosign': {
      const judged = await verify({ ...input, artifact: signature.payload, signature: asFile(signature) });
      const about = payloadFindings(signature.payload, signature.about);
      const findings = [...judged.findings, ...about];
      const evidence = { ...judged.evidence, artifact: { digest }, verified: findings.length === 0 };
      return { findings, evidence };
    }
  }
}

/**
 * Whether an image was signed by whom the policy names: one signature that holds is enough; when none does, the one
 * that came nearest is told.
 * @param found what the registry has, from `findImageSignatures`
 * @param verify the verifier of signatures, which makes no connection
 */
export async function verifyImage(
  about: string,
  found: readonly ImageSignature[],
  input: Omit<VerifyInput, 'artifact' | 'signature'>,
  verify: Verify,
): Promise<Judged> {
  let best: Judged | undefined;
  for (const signature of found) {
    const judged = await judge(signature, input, verify);
    if (judged.findings.length === 0) return judged;
    if (best === undefined || judged.findings.length < best.findings.length) best = judged;
  }
  if (best === undefined) {
    const looked = [
      'the referrers API',
      `the tag ${about.replace(':', '-')}`,
      `the tag ${about.replace(':', '-')}.sig`,
    ];
    const digest: `sha256:${string}` = `sha256:${about.slice('sha256:'.length)}`;
    return await verify({ ...input, artifact: digest, signature: { form: 'none', looked } });
  }
  if (found.length < 2) return best;
  const where = `None of the ${found.length} signatures of the image holds; this one came nearest.`;
  return { ...best, findings: best.findings.map((each) => ({ ...each, message: `${each.message} (${where})` })) };
}
