import { X509Certificate } from 'node:crypto';
import { BUNDLE_V01_MEDIA_TYPE } from '@sigstore/bundle';
import type { Artifact } from './artifact.ts';
import { member, parseStrictJson } from './json.ts';
import { LIMITS } from './limits.ts';

/** Whether this is the JSON that cosign 1 and 2 wrote with `sign-blob --bundle` (LocalSignedPayload in cosign's source). */
export function isLegacyBundle(value: unknown): boolean {
  return member(value, 'mediaType') === undefined && typeof member(value, 'base64Signature') === 'string';
}

/** The one certificate of a PEM text in base64; undefined when it is a public key, which the policy must know anyway. */
function certificateIn(base64: unknown): string | undefined {
  if (base64 === undefined || base64 === '') return undefined;
  if (typeof base64 !== 'string' || base64.length > 2 * LIMITS.derBytes) throw new Error('its certificate is no text');
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1]);
  if (labels.length !== 1) throw new Error(`it has ${labels.length} PEM blocks where one certificate is expected`);
  if (labels[0] === 'PUBLIC KEY') return undefined;
  return new X509Certificate(pem).raw.toString('base64');
}

function logEntry(rekorBundle: unknown): unknown {
  const payload = member(rekorBundle, 'Payload');
  const body = member(payload, 'body');
  const logId = member(payload, 'logID');
  if (typeof body !== 'string' || body.length > 2 * LIMITS.logBodyBytes) throw new Error('its log entry has no body');
  if (typeof logId !== 'string' || !/^(?:[0-9a-f]{2})+$/.test(logId)) throw new Error('its log entry has no log id');
  const entry = parseStrictJson(Buffer.from(body, 'base64'), {
    bytes: LIMITS.logBodyBytes,
    depth: LIMITS.depth,
    values: LIMITS.bundleValues,
  });
  if (!entry.ok) throw new Error(`the body of its log entry cannot be read: ${entry.problem}`);
  return {
    logIndex: String(member(payload, 'logIndex')),
    logId: { keyId: Buffer.from(logId, 'hex').toString('base64') },
    kindVersion: { kind: member(entry.value, 'kind'), version: member(entry.value, 'apiVersion') },
    integratedTime: String(member(payload, 'integratedTime')),
    inclusionPromise: { signedEntryTimestamp: member(rekorBundle, 'SignedEntryTimestamp') },
    canonicalizedBody: body,
  };
}

/**
 * The same material as a sigstore bundle of version 0.1, which is verified like any other. The old form has no digest:
 * the artifact's own stands in for it.
 * @throws Error when a part is not what it should be
 */
export function fromLegacyBundle(value: unknown, artifact: Artifact): unknown {
  const certificate = certificateIn(member(value, 'cert'));
  const rekorBundle = member(value, 'rekorBundle');
  return {
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    verificationMaterial: {
      ...(certificate === undefined
        ? { publicKey: { hint: '' } }
        : { x509CertificateChain: { certificates: [{ rawBytes: certificate }] } }),
      tlogEntries: rekorBundle === undefined || rekorBundle === null ? [] : [logEntry(rekorBundle)],
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: Buffer.from(artifact.sha256, 'hex').toString('base64') },
      signature: member(value, 'base64Signature'),
    },
  };
}
