import { createHash } from 'node:crypto';
import { type SignedEntity, toSignedEntity, Verifier } from '@sigstore/verify';
import { isEnvironmentError, isUsageError, UsageError } from '../errors.ts';
import type { StepOutcome } from '../gate/step.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { type Artifact, artifactOf, artifactOfDigest } from './artifact.ts';
import { type ReadBundle, readBundle } from './bundle.ts';
import { type Content, contentOf, signedBy, withOwnSignatureCheck } from './content.ts';
import { detachedFindings } from './detached.ts';
import type { SignatureEvidence, StatementFacts } from './evidence.ts';
import { signerFindings } from './identity.ts';
import { readPublicKey, type SigningKey, signingKey } from './key.ts';
import { entryFacts, entryNamesSigner } from './log.ts';
import { outcome } from './outcome.ts';
import { checkPolicy, type SignaturePolicy } from './policy.ts';
import { refusalOf } from './refuse.ts';
import { checkStatement } from './statement.ts';
import { timesOf } from './times.ts';
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

interface Verdict {
  readonly findings: readonly Finding[];
  readonly evidence: SignatureEvidence;
}

/** The kinds of mismatch that need no cryptography: who the bundle says it is from, and what kind of content it has. */
function shapeFindings(
  { leaf }: ReadBundle,
  content: Content['kind'],
  policy: SignaturePolicy,
  key: SigningKey | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (key !== undefined && leaf !== undefined) {
    findings.push(
      finding(
        'sig/key-mismatch',
        `Expected a signature by the ${key.facts.algorithm} key ${key.facts.fingerprint}, found a certificate for ${leaf.facts.names.map(({ value }) => JSON.stringify(value)).join(', ') || 'nobody'}.`,
        { subject: key.facts.fingerprint },
      ),
    );
  }
  if (policy.signer.kind === 'certificate' && leaf === undefined) {
    const message =
      'Expected a certificate that names the signer, found a signature by a bare key, which names nobody.';
    findings.push(finding('sig/wrong-identity', message, { subject: 'identity' }));
  }
  if (policy.predicateTypes !== undefined && content === 'message') {
    findings.push(finding('sig/no-attestation', 'Expected an attestation, found a signature of the file alone.'));
  }
  if (leaf !== undefined) {
    const usable = signingKey(leaf.x509.publicKey);
    if (typeof usable === 'string') {
      findings.push(finding('sig/unfit-certificate', `The key in the certificate cannot be used: ${usable}.`));
    }
  }
  return findings;
}

/** What must be there before the library is asked, so that everything missing is said at once. */
function missingProofs(entity: SignedEntity, policy: SignaturePolicy): Finding[] {
  const findings: Finding[] = [];
  if (policy.log === 'required' && entity.tlogEntries.length === 0) {
    findings.push(finding('sig/no-log-entry', 'Expected a transparency log entry, found none in the bundle.'));
  }
  if (policy.signer.kind === 'certificate' && timesOf(entity).length === 0) {
    findings.push(
      finding(
        'sig/no-time',
        'Expected a proof of when it was signed (a log promise or a timestamp), found none in the bundle.',
      ),
    );
  }
  return findings;
}

/** Ed25519 over a SHA-512 digest (RFC 8032 Ed25519ph), as cosign makes it for logs; neither node nor the library can check it. */
function looksPrehashed(content: Content, key: SigningKey | undefined): boolean {
  return (
    key?.hashes.length === 0 && content.kind === 'message' && content.hash === 'sha512' && !signedBy(content, key.key)
  );
}

/**
 * Runs the library over the bundle with our own check of the signature, then compares what it proved with the policy.
 */
function judgeBundle(
  read: ReadBundle,
  content: Content,
  input: VerifyInput,
  artifact: Artifact,
  key: SigningKey | undefined,
  evidence: SignatureEvidence,
): Verdict {
  const { bundle, leaf } = read;
  const { policy } = input;
  const trust = input.trust ?? publicGoodRoot();
  const { signer } = policy;
  if (signer.kind === 'certificate' && signer.sct === 'waived' && trust.publicGood) {
    throw new UsageError(
      'The certificate log (SCT) can be waived only for an authority of your own: give its trusted root (--trusted-root).',
    );
  }
  const entity = withOwnSignatureCheck(
    toSignedEntity(bundle, artifact.bytes === undefined ? undefined : Buffer.from(artifact.bytes)),
    content,
  );
  const times = timesOf(entity);
  const needsTrust = leaf !== undefined || entity.tlogEntries.length > 0 || times.length > 0;
  const known: SignatureEvidence = {
    ...evidence,
    times,
    logEntries: entity.tlogEntries.map((entry) => entryFacts(entry, trust)),
    ...(needsTrust ? { trust: { source: trust.source, digest: trust.digest } } : {}),
  };
  const missing = missingProofs(entity, policy);
  if (missing.length > 0) return { findings: missing, evidence: known };
  if (looksPrehashed(content, key)) {
    const message =
      'Expected an Ed25519 signature of the file, found one of its SHA-512 digest (Ed25519ph), which cannot be checked here.';
    return { findings: [finding('sig/unsupported', message)], evidence: known };
  }

  const verifier = new Verifier(
    {
      ...trust.material,
      // The hint in the bundle is not looked at: the policy's key is the only one.
      publicKey: () => {
        if (key === undefined) throw new Error('the policy names no key');
        return { publicKey: key.key, validFor: () => true };
      },
    },
    {
      tlogThreshold: policy.log === 'required' ? 1 : 0,
      ctlogThreshold: signer.kind === 'certificate' && signer.sct === 'required' ? 1 : 0,
      timestampThreshold: signer.kind === 'certificate' ? 1 : 0,
    },
  );
  const findings: Finding[] = [];
  try {
    const proven = verifier.verify(entity);
    const expected = leaf?.x509.publicKey ?? key?.key;
    if (expected === undefined || !proven.key.equals(expected)) {
      findings.push(
        finding('sig/malformed', 'The certificate can be read in two ways: two readers find two different keys in it.'),
      );
    }
  } catch (error) {
    return {
      findings: [refusalOf(error, { leaf, times, trust, logEntries: entity.tlogEntries.length })],
      evidence: known,
    };
  }

  if (leaf !== undefined && signer.kind === 'certificate') {
    findings.push(...signerFindings(leaf, signer, evidence.signature.name ?? 'BUNDLE'));
  }
  const party = leaf !== undefined ? { certificate: leaf.der } : key !== undefined ? { key: key.key } : undefined;
  for (const entry of entity.tlogEntries) {
    if (party !== undefined && entryNamesSigner(entry, party)) continue;
    const message = `Expected a log entry made for this signer, found one for another (entry ${entry.logIndex}).`;
    findings.push(finding('sig/log-mismatch', message, { subject: 'log entry' }));
  }
  let statement: StatementFacts | undefined;
  if (content.kind === 'attestation') {
    const checked = checkStatement(content.payload, artifact, policy.predicateTypes);
    findings.push(...checked.findings);
    statement = checked.facts;
  }
  return { findings, evidence: statement === undefined ? known : { ...known, statement } };
}

function judge(input: VerifyInput, artifact: Artifact, key: SigningKey | undefined): Verdict {
  const { signature, policy } = input;
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
  const oversized = { ...nothing, signature: file };
  if (signature.form === 'detached') {
    const evidence: SignatureEvidence = {
      ...nothing,
      signature: { ...file, ...(signature.bytes.length < 1e6 ? { digest: digestOf(signature.bytes) } : {}) },
      ...(key === undefined ? {} : { signer: key.facts }),
    };
    return { findings: detachedFindings(signature.bytes, artifact, policy, key), evidence };
  }

  const outcomeOfRead = readBundle(signature.bytes);
  if (!outcomeOfRead.ok) return { findings: [outcomeOfRead.finding], evidence: oversized };
  const { read } = outcomeOfRead;
  const kind = read.bundle.content.$case === 'dsseEnvelope' ? 'attestation' : 'message';
  const signer = read.leaf?.facts ?? key?.facts;
  const evidence: SignatureEvidence = {
    ...nothing,
    signature: { ...file, digest: digestOf(signature.bytes), mediaType: read.bundle.mediaType, content: kind },
    ...(signer === undefined ? {} : { signer }),
  };
  const shape = shapeFindings(read, kind, policy, key);
  const content = contentOf(read.bundle, artifact);
  if (!content.ok) return { findings: [content.finding, ...shape], evidence };
  if (shape.length > 0) return { findings: shape, evidence };
  return judgeBundle(read, content.content, input, artifact, key, evidence);
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
  checkPolicy(input.policy);
  const artifact = typeof input.artifact === 'string' ? artifactOfDigest(input.artifact) : artifactOf(input.artifact);
  const { signer } = input.policy;
  const key = signer.kind === 'key' ? readPublicKey(signer.pem, 'The public key') : undefined;
  try {
    const { findings, evidence } = judge(input, artifact, key);
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
