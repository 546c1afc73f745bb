import { createHash } from 'node:crypto';
import { isEnvironmentError, isUsageError, UsageError } from '../errors.ts';
import type { StepOutcome } from '../gate/step.ts';
import { finding } from '../rules/make.ts';
import { artifactOf, artifactOfDigest } from './artifact.ts';
import { readBundle } from './bundle.ts';
import { contentOf } from './content.ts';
import { detachedFindings } from './detached.ts';
import type { SignatureEvidence } from './evidence.ts';
import { judgeBundle, type Question, shapeFindings, type Verdict } from './judge-bundle.ts';
import { readPublicKey } from './key.ts';
import { outcome } from './outcome.ts';
import { checkPolicy, type SignaturePolicy } from './policy.ts';
import { publicGoodRoot, type Trust } from './trust.ts';

/** A signature file as it was found. */
export type SignatureFile =
  | { readonly form: 'bundle' | 'detached'; readonly bytes: Uint8Array; readonly name: string }
  /** None was found. @property looked where it was looked for */
  | { readonly form: 'none'; readonly looked: readonly string[] };

export interface VerifyInput {
  /** The very bytes that are loaded later, or `sha256:<hex>` where the file is not at hand. */
  readonly artifact: Uint8Array | `sha256:${string}`;
  readonly signature: SignatureFile;
  readonly policy: SignaturePolicy;
  /** Who is believed; the built-in public-good root when absent. Never asked over the network. */
  readonly trust?: Trust;
}

function judge({ signature }: VerifyInput, question: Question): Verdict {
  const { artifact, policy, key } = question;
  const about = {
    digest: `sha256:${artifact.sha256}`,
    ...(artifact.bytes === undefined ? {} : { size: artifact.bytes.length }),
  };
  const nothing = { verified: false, artifact: about, times: [], logEntries: [] };
  if (signature.form === 'none') {
    const where = signature.looked.length === 0 ? '' : ` Looked for ${signature.looked.join(', ')}.`;
    return {
      findings: [finding('sig/missing', `Expected a signature, found none.${where}`)],
      evidence: { ...nothing, signature: { form: 'none' } },
    };
  }

  const file = { form: signature.form, name: signature.name };
  if (signature.form === 'detached') {
    const signer = key === undefined ? {} : { signer: key.facts };
    const evidence = { ...nothing, ...signer, signature: { ...file, digest: digestOf(signature.bytes) } };
    return { findings: detachedFindings(signature.bytes, artifact, policy, key), evidence };
  }

  const reading = readBundle(signature.bytes, artifact);
  if (!reading.ok) return { findings: [reading.finding], evidence: { ...nothing, signature: file } };
  const { read } = reading;
  const kind = read.bundle.content.$case === 'dsseEnvelope' ? 'attestation' : 'message';
  const signer = read.leaf?.facts ?? key?.facts;
  const evidence: SignatureEvidence = {
    ...nothing,
    signature: { ...file, digest: digestOf(signature.bytes), mediaType: read.format, content: kind },
    ...(signer === undefined ? {} : { signer }),
  };
  const shape = shapeFindings(read, kind, question);
  const content = contentOf(read.bundle, artifact);
  if (!content.ok) return { findings: [content.finding, ...shape], evidence };
  if (shape.length > 0) return { findings: shape, evidence };
  return judgeBundle(read, content.content, question, evidence);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Verifies that a file was signed by whom the policy names, offline. Every check that fails is a finding of a rule
 * `sig/*`; no finding means verified. Whatever a hostile signature file makes the library throw is a refusal as well.
 * @throws UsageError for a policy that is incomplete or a key or digest that is none (exit 2)
 */
export async function verifyArtifact(input: VerifyInput): Promise<StepOutcome<SignatureEvidence>> {
  const { policy } = input;
  checkPolicy(policy);
  const artifact = typeof input.artifact === 'string' ? artifactOfDigest(input.artifact) : artifactOf(input.artifact);
  const { signer } = policy;
  const key = signer.kind === 'key' ? readPublicKey(signer.pem, 'The public key') : undefined;
  const trust = input.trust ?? publicGoodRoot();
  if (signer.kind === 'certificate' && signer.sct === 'waived' && trust.publicGood) {
    throw new UsageError(
      'The certificate log (SCT) can be waived only for an authority of your own: give its trusted root as well.',
    );
  }
  try {
    const { findings, evidence } = judge(input, { artifact, policy, key, trust });
    return outcome(findings, evidence);
  } catch (error) {
    if (isUsageError(error) || isEnvironmentError(error)) throw error;
    const why = error instanceof Error ? error.message.slice(0, 300) : String(error);
    const message = 'The signature material is malformed: the verifier could not go through it.';
    return outcome([finding('sig/malformed', message, { details: `Reason given: ${why}` })], {
      verified: false,
      artifact: { digest: `sha256:${artifact.sha256}` },
      signature: { form: input.signature.form },
      times: [],
      logEntries: [],
    });
  }
}
