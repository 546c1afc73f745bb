import { createHash } from 'node:crypto';
import { isEnvironmentError, isUsageError, UsageError } from '../errors.ts';
import type { StepOutcome } from '../gate/step.ts';
import { finding } from '../rules/make.ts';
import { type Artifact, artifactOf, artifactOfDigest } from './artifact.ts';
import type { OwnAuthority } from './authority.ts';
import { type BundleOutcome, bundleFromParts, readBundle } from './bundle.ts';
import { bundlesIn } from './bundle-lines.ts';
import { contentOf } from './content.ts';
import { detachedFindings } from './detached.ts';
import type { SignatureEvidence } from './evidence.ts';
import { judgeBundle, type Question, shapeFindings, type Verdict } from './judge-bundle.ts';
import { readPublicKey } from './key.ts';
import { outcome } from './outcome.ts';
import { checkPolicy, type OpenPgpSigner, type SignaturePolicy } from './policy.ts';
import { nearest } from './several.ts';
import { publicGoodRoot, type Trust } from './trust.ts';

/** A signature file as it was found. */
export type SignatureFile =
  | { readonly form: 'bundle'; readonly bytes: Uint8Array; readonly name: string }
  | {
      readonly form: 'detached';
      readonly bytes: Uint8Array;
      readonly name: string;
      /** The signer's certificate with what leads to its root, where the signer is no key (PEM or DER). */
      readonly certificate?: Uint8Array;
      /** A timestamp token over the signature (RFC 3161, DER). */
      readonly timestamp?: Uint8Array;
    }
  /** None was found. @property looked where it was looked for */
  | { readonly form: 'none'; readonly looked: readonly string[] };

export interface VerifyInput {
  /** The very bytes that are loaded later, or `sha256:<hex>` where the file is not at hand. */
  readonly artifact: Uint8Array | `sha256:${string}`;
  readonly signature: SignatureFile;
  readonly policy: SignaturePolicy;
  /** Who is believed; the built-in public-good root when absent. Never asked over the network. */
  readonly trust?: Trust;
  /** Judges certificates in place of the authorities of `trust`. */
  readonly authority?: OwnAuthority;
  /** For certificates whose time nothing proves, where the policy allows that. The present unless given. */
  readonly now?: Date;
}

type Nothing = Pick<SignatureEvidence, 'verified' | 'artifact' | 'times' | 'logEntries'>;

function missing(looked: readonly string[], nothing: Nothing): Verdict {
  const where = looked.length === 0 ? '' : ` Looked for ${looked.join(', ')}.`;
  return {
    findings: [finding('sig/missing', `Expected a signature, found none.${where}`)],
    evidence: { ...nothing, signature: { form: 'none' } },
  };
}

function judge({ signature }: VerifyInput, question: Question): Verdict {
  const { artifact, policy, key } = question;
  const nothing: Nothing = { verified: false, artifact: about(artifact), times: [], logEntries: [] };
  if (signature.form === 'none') return missing(signature.looked, nothing);
  const file = { form: signature.form, name: signature.name };
  if (signature.form === 'bundle') {
    const several = bundlesIn(signature.bytes);
    if ('finding' in several) return { findings: [several.finding], evidence: { ...nothing, signature: file } };
    return nearest(
      several.bundles.map((bytes, index) => {
        const line = several.bundles.length === 1 ? {} : { line: index + 1, lines: several.bundles.length };
        return () =>
          judgeRead(readBundle(bytes, artifact), { ...file, digest: digestOf(bytes), ...line }, question, nothing);
      }),
    );
  }
  const { certificate, timestamp } = signature;
  if (certificate !== undefined) {
    const parts = { signature: signature.bytes, certificate, ...(timestamp === undefined ? {} : { timestamp }) };
    const found = { ...file, digest: digestOf(signature.bytes) };
    return judgeRead(bundleFromParts(parts, artifact), found, question, nothing);
  }
  const signer = key === undefined ? {} : { signer: key.facts };
  const evidence = { ...nothing, ...signer, signature: { ...file, digest: digestOf(signature.bytes) } };
  return { findings: detachedFindings(signature.bytes, artifact, policy, key), evidence };
}

function about({ sha256, bytes }: Artifact): SignatureEvidence['artifact'] {
  return { digest: `sha256:${sha256}`, ...(bytes === undefined ? {} : { size: bytes.length }) };
}

function judgeRead(
  reading: BundleOutcome,
  file: SignatureEvidence['signature'],
  question: Question,
  nothing: Nothing,
): Verdict {
  if (!reading.ok) return { findings: [reading.finding], evidence: { ...nothing, signature: file } };
  const { read } = reading;
  const kind = read.bundle.content.$case === 'dsseEnvelope' ? 'attestation' : 'message';
  const signer = read.leaf?.facts ?? question.key?.facts;
  const evidence: SignatureEvidence = {
    ...nothing,
    signature: { ...file, mediaType: read.format, content: kind },
    ...(signer === undefined ? {} : { signer }),
  };
  const shape = shapeFindings(read, kind, question);
  const content = contentOf(read.bundle, question.artifact);
  if (!content.ok) return { findings: [content.finding, ...shape], evidence };
  if (shape.length > 0) return { findings: shape, evidence };
  return judgeBundle(read, content.content, question, evidence);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** @throws UsageError for what only an authority of one's own may be spared */
function checkTrust({ signer }: SignaturePolicy, trust: Trust, authority: OwnAuthority | undefined): void {
  if (signer.kind !== 'certificate') {
    if (authority !== undefined) throw new UsageError('An authority of your own does not go with a key: give one.');
    return;
  }
  if (authority !== undefined) return;
  if (signer.sct === 'waived' && trust.publicGood) {
    throw new UsageError(
      'The certificate log (SCT) can be waived only for an authority of your own: give its trusted root as well.',
    );
  }
  if (signer.time === 'now') {
    throw new UsageError(
      'The proof of time can be waived only for an authority of your own, whose certificates live long: give its roots (--ca-roots).',
    );
  }
}

/** @throws UsageError for keys that cannot be used, or a policy that asks for what such signatures do not have */
async function verifyOpenPgp(
  { signature, policy, authority }: VerifyInput,
  signer: OpenPgpSigner,
  artifact: Artifact,
  now: Date,
): Promise<StepOutcome<SignatureEvidence>> {
  if (authority !== undefined || policy.log === 'required' || policy.predicateTypes !== undefined) {
    throw new UsageError('An OpenPGP signature has no authority, log entry or attestation: ask for none of them.');
  }
  const { judgeOpenPgp, readOpenPgpKeys } = await import('../parts/openpgp.ts');
  const keys = await readOpenPgpKeys(signer);
  const nothing: Nothing = { verified: false, artifact: about(artifact), times: [], logEntries: [] };
  switch (signature.form) {
    case 'none': {
      const { findings, evidence } = missing(signature.looked, nothing);
      return outcome(findings, evidence);
    }
    case 'bundle': {
      const message = 'Expected a detached OpenPGP signature, found a sigstore bundle.';
      const evidence = { ...nothing, signature: { form: signature.form, name: signature.name } };
      return outcome([finding('sig/unsupported', message)], evidence);
    }
    case 'detached': {
      const question = { artifact, keys, now };
      const { findings, evidence } = await judgeOpenPgp(signature.bytes, question, nothing, signature.name);
      return outcome(findings, evidence);
    }
  }
}

/**
 * Verifies that a file was signed by whom the policy names, offline. Every check that fails is a finding of a rule
 * `sig/*`; no finding means verified. Whatever a hostile signature file makes the library throw is a refusal as well.
 * @throws UsageError for a policy that is incomplete or a key or digest that is none (exit 2)
 */
export async function verifyArtifact(input: VerifyInput): Promise<StepOutcome<SignatureEvidence>> {
  const { policy, authority, now = new Date() } = input;
  checkPolicy(policy);
  const artifact = typeof input.artifact === 'string' ? artifactOfDigest(input.artifact) : artifactOf(input.artifact);
  const { signer } = policy;
  const key = signer.kind === 'key' ? readPublicKey(signer.pem, 'The public key') : undefined;
  if (signer.kind === 'openpgp') return await verifyOpenPgp(input, signer, artifact, now);
  const trust = input.trust ?? publicGoodRoot();
  if (input.signature.form !== 'none') checkTrust(policy, trust, authority);
  try {
    const { findings, evidence } = judge(input, { artifact, policy, key, trust, authority, now });
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
