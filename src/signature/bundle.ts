import { X509Certificate } from 'node:crypto';
import {
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  type Bundle,
  bundleFromJSON,
} from '@sigstore/bundle';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import { type LeafCertificate, readLeaf } from './certificate.ts';
import { bundleOfParts, type SignatureParts } from './from-parts.ts';
import { member, parseStrictJson, record } from './json.ts';
import { fromLegacyBundle, isLegacyBundle } from './legacy.ts';
import { LIMITS } from './limits.ts';

/** A bundle inside the limits, well formed, and saying each thing once; nothing in it is verified yet. */
export interface ReadBundle {
  readonly bundle: Bundle;
  /** Its media type, or words for a form that has none. */
  readonly format: string;
  /** Absent when the bundle names a public key. */
  readonly leaf?: LeafCertificate;
  /** Certificates that came behind the leaf; nobody believes them, they may help to find a path. */
  readonly chain: readonly X509Certificate[];
}

export type BundleOutcome =
  | { readonly ok: true; readonly read: ReadBundle }
  | { readonly ok: false; readonly finding: Finding };

const MEDIA_TYPES: readonly string[] = [
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
];

function refused(rule: 'sig/malformed' | 'sig/too-large' | 'sig/unsupported', message: string): BundleOutcome {
  return { ok: false, finding: finding(rule, message) };
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

/** Base64 of at most so many bytes. */
function fits(value: unknown, bytes: number): boolean {
  return value === undefined || (typeof value === 'string' && value.length <= Math.ceil(bytes / 3) * 4 + 4);
}

/** Whatever in the structure is over a limit, before the library copies or compares anything. */
function overLimit(bundle: unknown): string | undefined {
  const material = member(bundle, 'verificationMaterial');
  const entries = member(material, 'tlogEntries');
  if (lengthOf(entries) > LIMITS.logEntries)
    return `it has ${lengthOf(entries)} log entries; at most ${LIMITS.logEntries} are read`;
  const stamps = member(material, 'timestampVerificationData', 'rfc3161Timestamps');
  if (lengthOf(stamps) > LIMITS.timestamps)
    return `it has ${lengthOf(stamps)} timestamps; at most ${LIMITS.timestamps} are read`;
  const chain = member(material, 'x509CertificateChain', 'certificates');
  if (lengthOf(chain) > LIMITS.certificates)
    return `it has ${lengthOf(chain)} certificates; at most ${LIMITS.certificates} are read`;
  for (const entry of Array.isArray(entries) ? entries : []) {
    const hashes = lengthOf(member(entry, 'inclusionProof', 'hashes'));
    if (hashes > LIMITS.proofHashes)
      return `an inclusion proof has ${hashes} hashes; at most ${LIMITS.proofHashes} are possible`;
    const checkpoint = member(entry, 'inclusionProof', 'checkpoint', 'envelope');
    if (typeof checkpoint === 'string' && checkpoint.length > LIMITS.checkpoint) return 'a log checkpoint is too long';
    if (!fits(member(entry, 'canonicalizedBody'), LIMITS.logBodyBytes)) return 'the body of a log entry is too long';
  }
  const ders = [
    ...(Array.isArray(stamps) ? stamps.map((stamp) => member(stamp, 'signedTimestamp')) : []),
    ...(Array.isArray(chain) ? chain.map((certificate) => member(certificate, 'rawBytes')) : []),
    member(material, 'certificate', 'rawBytes'),
  ];
  if (!ders.every((der) => fits(der, LIMITS.derBytes))) return 'a certificate or timestamp in it is too long';
  const signature = member(bundle, 'messageSignature', 'signature');
  if (!fits(signature, LIMITS.signatureBytes)) return 'the signature in it is too long';
  return undefined;
}

/** The library takes the first of several alternatives, another verifier may take another one. */
function saidTwice(bundle: unknown): string | undefined {
  const alternatives: readonly (readonly [unknown, readonly string[]])[] = [
    [bundle, ['messageSignature', 'dsseEnvelope']],
    [member(bundle, 'verificationMaterial'), ['publicKey', 'x509CertificateChain', 'certificate']],
  ];
  for (const [where, names] of alternatives) {
    const present = names.filter((name) => member(where, name) !== undefined && member(where, name) !== null);
    if (present.length > 1) return `it has ${present.join(' and ')}, where only one of them may be`;
  }
  return undefined;
}

function chainOf(bundle: Bundle): readonly X509Certificate[] {
  const { content } = bundle.verificationMaterial;
  if (content.$case !== 'x509CertificateChain') return [];
  return content.x509CertificateChain.certificates.slice(1).map(({ rawBytes }) => new X509Certificate(rawBytes));
}

function leafOf(bundle: Bundle): LeafCertificate | undefined {
  const { content } = bundle.verificationMaterial;
  switch (content.$case) {
    case 'publicKey':
      return undefined;
    case 'certificate':
      return readLeaf(content.certificate.rawBytes);
    case 'x509CertificateChain': {
      const [leaf] = content.x509CertificateChain.certificates;
      if (leaf === undefined) throw new Error('its certificate chain is empty');
      return readLeaf(leaf.rawBytes);
    }
  }
}

/**
 * cosign leaves the digest of an Ed25519 signature out, and the library then refuses the bundle. The digest is only a
 * hint: where there is none, the artifact's own stands in, so that log entries are compared with that.
 */
function withDigest(bundle: unknown, artifact: Artifact): unknown {
  const message = record(member(bundle, 'messageSignature'));
  if (message === undefined || Object.keys(record(message.messageDigest) ?? {}).length > 0) return bundle;
  const messageDigest = { algorithm: 'SHA2_256', digest: Buffer.from(artifact.sha256, 'hex').toString('base64') };
  return { ...record(bundle), messageSignature: { ...message, messageDigest } };
}

/** Checks and reads the structure; the library decodes it only after all limits held. */
function readStructure(value: unknown, format: string, artifact: Artifact): BundleOutcome {
  const over = overLimit(value);
  if (over !== undefined) return refused('sig/too-large', `The bundle is refused unread: ${over}.`);
  const twice = saidTwice(value);
  if (twice !== undefined) return refused('sig/malformed', `The bundle is ambiguous: ${twice}.`);
  const bundle = bundleFromJSON(withDigest(value, artifact));
  const leaf = leafOf(bundle);
  return { ok: true, read: { bundle, format, chain: chainOf(bundle), ...(leaf === undefined ? {} : { leaf }) } };
}

/** The parts of a signature that came in files of their own, as a bundle. Never throws. */
export function bundleFromParts(parts: SignatureParts, artifact: Artifact): BundleOutcome {
  if (parts.signature.length === 0) return refused('sig/malformed', 'Expected a signature, found an empty file.');
  if (parts.signature.length > LIMITS.signatureBytes) {
    return refused(
      'sig/too-large',
      `Expected a signature of at most ${LIMITS.signatureBytes} bytes, found a longer file.`,
    );
  }
  try {
    return readStructure(bundleOfParts(parts, artifact), 'signature and certificate in files of their own', artifact);
  } catch (error) {
    return refused('sig/malformed', `The certificate or timestamp cannot be read: ${reason(error)}.`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : 'its structure is wrong';
}

/**
 * Reads a sigstore bundle (protobuf-specs, sigstore_bundle.proto; v0.1 to v0.3), or the JSON of cosign 1 and 2, from an
 * untrusted source. Never throws.
 */
export function readBundle(bytes: Uint8Array, artifact: Artifact): BundleOutcome {
  const parsed = parseStrictJson(bytes, {
    bytes: LIMITS.documentBytes,
    depth: LIMITS.depth,
    values: LIMITS.bundleValues,
  });
  if (!parsed.ok) {
    return refused(
      parsed.reason === 'too-large' ? 'sig/too-large' : 'sig/malformed',
      `Expected a sigstore bundle in JSON, but ${parsed.problem}.`,
    );
  }
  if (record(parsed.value) === undefined) {
    return refused('sig/malformed', 'Expected a sigstore bundle, found JSON of another kind.');
  }
  try {
    if (isLegacyBundle(parsed.value)) {
      return readStructure(fromLegacyBundle(parsed.value, artifact), 'bundle of cosign 1 or 2', artifact);
    }
    const mediaType = member(parsed.value, 'mediaType');
    if (typeof mediaType === 'string' && MEDIA_TYPES.includes(mediaType)) {
      return readStructure(parsed.value, mediaType, artifact);
    }
    const found = typeof mediaType === 'string' ? JSON.stringify(mediaType.slice(0, 120)) : 'none';
    return refused(
      'sig/unsupported',
      `Expected a sigstore bundle of version 0.1, 0.2 or 0.3, found the media type ${found}.`,
    );
  } catch (error) {
    return refused('sig/malformed', `The bundle cannot be read: ${reason(error)}.`);
  }
}
