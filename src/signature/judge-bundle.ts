import type { KeyObject } from 'node:crypto';
import { type SignedEntity, toSignedEntity, Verifier } from '@sigstore/verify';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import { invalidAt, type OwnAuthority, pathTo } from './authority.ts';
import type { ReadBundle } from './bundle.ts';
import { type Content, signedBy, withOwnSignatureCheck } from './content.ts';
import type { SignatureEvidence, TimeFacts } from './evidence.ts';
import { quoted, signerFindings } from './identity.ts';
import { type SigningKey, signingKey } from './key.ts';
import { entryFacts, entryNamesSigner } from './log.ts';
import type { SignaturePolicy } from './policy.ts';
import { refusalOf } from './refuse.ts';
import { checkStatement } from './statement.ts';
import { timesOf } from './times.ts';
import type { Trust } from './trust.ts';

/** What a bundle is judged by. */
export interface Question {
  readonly artifact: Artifact;
  readonly policy: SignaturePolicy;
  /** The policy's key, read; undefined when the policy names an identity. */
  readonly key: SigningKey | undefined;
  readonly trust: Trust;
  /** Judges the certificates in place of the authorities of `trust`, whose logs and timestamp authorities stay. */
  readonly authority: OwnAuthority | undefined;
  readonly now: Date;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly evidence: SignatureEvidence;
}

/** The kinds of mismatch that need no cryptography: who the bundle says it is from, and what kind of content it has. */
export function shapeFindings(
  { leaf }: ReadBundle,
  content: Content['kind'],
  { policy, key }: Pick<Question, 'policy' | 'key'>,
): Finding[] {
  const findings: Finding[] = [];
  if (key !== undefined && leaf !== undefined) {
    findings.push(
      finding(
        'sig/key-mismatch',
        `Expected a signature by the ${key.facts.algorithm} key ${key.facts.fingerprint}, found a certificate for ${quoted(leaf.facts.names)}.`,
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
  if (policy.signer.kind === 'certificate' && policy.signer.time !== 'now' && timesOf(entity).length === 0) {
    findings.push(
      finding(
        'sig/no-time',
        'Expected a proof of when it was signed (a log promise or a timestamp), found none in the bundle.',
      ),
    );
  }
  return findings;
}

/**
 * Ed25519 over a SHA-512 digest (RFC 8032, Ed25519ph), as cosign makes it for logs; neither node nor the library can
 * check it.
 */
function looksPrehashed(content: Content, key: SigningKey | undefined): boolean {
  return (
    key?.hashes.length === 0 && content.kind === 'message' && content.hash === 'sha512' && !signedBy(content, key.key)
  );
}

/**
 * The library with exactly the trust and the thresholds of the policy.
 * @param key the only one that is believed where no certificate is judged; the hint in the bundle is not looked at
 */
function verifierFor({ policy, trust, authority }: Question, key: KeyObject | undefined): Verifier {
  const { signer } = policy;
  const material = {
    ...trust.material,
    publicKey: () => {
      if (key === undefined) throw new Error('the policy names no key');
      return { publicKey: key, validFor: () => true };
    },
  };
  const fulcio = signer.kind === 'certificate' && authority === undefined;
  return new Verifier(material, {
    tlogThreshold: policy.log === 'required' ? 1 : 0,
    ctlogThreshold: fulcio && signer.sct === 'required' ? 1 : 0,
    timestampThreshold: signer.kind === 'certificate' && signer.time !== 'now' ? 1 : 0,
  });
}

/** The certificate of an own authority: a path to a root of it, valid at every proven time, or now where none is. */
function pathFindings(
  { leaf, chain }: ReadBundle,
  authority: OwnAuthority,
  times: readonly TimeFacts[],
  now: Date,
): Finding[] {
  if (leaf === undefined) return [];
  const subject = leaf.facts.fingerprint;
  const outcome = pathTo(authority, leaf.x509, chain);
  if (!outcome.ok) {
    const message = `Expected a certificate that leads to a root in ${authority.source}, but ${outcome.reason}.`;
    return [finding('sig/untrusted-root', message, { subject })];
  }
  const moments = times.length === 0 ? [{ time: now.toISOString(), source: 'the time of this check' }] : times;
  return moments.flatMap(({ time, source }) => {
    const invalid = invalidAt(outcome.path, new Date(time));
    if (invalid === undefined) return [];
    const message = `Expected certificates that were valid at ${time} (${source}), but ${invalid}.`;
    return [finding('sig/certificate-expired', message, { subject })];
  });
}

/** What the library proves: signature, certificate chain, log entries, times. At most one finding. */
function proofFindings(entity: SignedEntity, read: ReadBundle, question: Question): Finding[] {
  const { leaf } = read;
  const own = leaf === undefined ? undefined : question.authority;
  try {
    const proven =
      own === undefined
        ? verifierFor(question, question.key?.key).verify(entity)
        : verifierFor(question, leaf?.x509.publicKey).verify({ ...entity, key: { $case: 'public-key', hint: '' } });
    if (own !== undefined) return pathFindings(read, own, timesOf(entity), question.now);
    const expected = leaf?.x509.publicKey ?? question.key?.key;
    if (expected !== undefined && proven.key.equals(expected)) return [];
    const message = 'The certificate can be read in two ways: two readers find two different keys in it.';
    return [finding('sig/malformed', message)];
  } catch (error) {
    const context = {
      leaf,
      times: timesOf(entity),
      trust: question.trust,
      logEntries: entity.tlogEntries.length,
    };
    return [refusalOf(error, context)];
  }
}

/** Each entry must be for the signer whose signature was just proven. */
function entryFindings(entity: SignedEntity, { leaf }: ReadBundle, { key }: Question): Finding[] {
  const party = leaf !== undefined ? { certificate: leaf.der } : key !== undefined ? { key: key.key } : undefined;
  return entity.tlogEntries
    .filter((entry) => party === undefined || !entryNamesSigner(entry, party))
    .map((entry) =>
      finding(
        'sig/log-mismatch',
        `Expected a log entry made for this signer, found one for another (entry ${entry.logIndex}).`,
        { subject: 'log entry' },
      ),
    );
}

/**
 * Runs the library over the bundle, with our own check of the signature itself, then compares what it proved with the
 * policy. All differences from the policy are reported at once; a failed proof is reported alone, because nothing in
 * the bundle can be believed then.
 */
export function judgeBundle(
  read: ReadBundle,
  content: Content,
  question: Question,
  evidence: SignatureEvidence,
): Verdict {
  const { bundle, leaf } = read;
  const { policy, key, trust, artifact, authority } = question;
  const entity = withOwnSignatureCheck(toSignedEntity(bundle), content);
  const times = timesOf(entity);
  const needsTrust =
    (leaf !== undefined && authority === undefined) || entity.tlogEntries.length > 0 || entity.timestamps.length > 0;
  const known: SignatureEvidence = {
    ...evidence,
    times,
    logEntries: entity.tlogEntries.map((entry) => entryFacts(entry, trust)),
    ...(needsTrust ? { trust: { source: trust.source, digest: trust.digest } } : {}),
    ...(leaf === undefined || authority === undefined
      ? {}
      : { authority: { source: authority.source, digest: authority.digest } }),
  };
  const missing = missingProofs(entity, policy);
  if (missing.length > 0) return { findings: missing, evidence: known };
  if (looksPrehashed(content, key)) {
    const message =
      'Expected an Ed25519 signature of the file, found one of its SHA-512 digest (Ed25519ph), which cannot be checked here.';
    return { findings: [finding('sig/unsupported', message)], evidence: known };
  }
  const unproven = proofFindings(entity, read, question);
  if (unproven.length > 0) return { findings: unproven, evidence: known };

  const findings = entryFindings(entity, read, question);
  if (leaf !== undefined && policy.signer.kind === 'certificate') {
    findings.push(...signerFindings(leaf, policy.signer, artifact.sha256, evidence.signature.name ?? 'BUNDLE'));
  }
  if (content.kind === 'message') return { findings, evidence: known };
  const statement = checkStatement(content.payload, artifact, policy);
  findings.push(...statement.findings);
  return { findings, evidence: statement.facts === undefined ? known : { ...known, statement: statement.facts } };
}
