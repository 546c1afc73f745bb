import { createHash } from 'node:crypto';
import { BUNDLE_V01_MEDIA_TYPE } from '@sigstore/bundle';
import type { Artifact } from './artifact.ts';
import { type HashName, signingKey, verifies } from './key.ts';
import { LIMITS } from './limits.ts';
import { certificatesIn } from './pem.ts';

/** A signature in a file of its own (`.sig`) with what else belongs to it. */
export interface SignatureParts {
  /** As in the file: base64 or raw. */
  readonly signature: Uint8Array;
  /** The signer's certificate (`.crt`, `.pem`), and behind it those that lead to its root. */
  readonly certificate: Uint8Array;
  /** A timestamp token over the signature (RFC 3161). */
  readonly timestamp?: Uint8Array;
}

/** protobuf-specs, sigstore_common.proto, HashAlgorithm. */
const NAMES: Readonly<Record<HashName, string>> = { sha256: 'SHA2_256', sha384: 'SHA2_384', sha512: 'SHA2_512' };

/** A signature file is base64 (cosign writes it so) or the raw bytes (OpenSSL). */
export function decodedSignature(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1').trim();
  const base64 = /^[A-Za-z0-9+/\r\n]+={0,2}$/.test(text);
  return base64 ? Buffer.from(text, 'base64') : bytes;
}

/**
 * The same material as a sigstore bundle, which is verified like any other. These files have no digest: the artifact's
 * own stands in for it, by the algorithm that the signature was made with.
 * @throws Error with a clause that says which part is wrong
 */
export function bundleOfParts(parts: SignatureParts, artifact: Artifact): unknown {
  const chain = certificatesIn(parts.certificate, LIMITS.certificates);
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('there is no certificate');
  const signature = decodedSignature(parts.signature);
  const key = signingKey(leaf.publicKey);
  const { bytes } = artifact;
  const made =
    bytes === undefined || typeof key === 'string'
      ? undefined
      : key.hashes.find((each) => verifies(key, bytes, signature, each));
  const hash = made ?? 'sha256';
  const digest =
    bytes === undefined || hash === 'sha256' ? artifact.sha256 : createHash(hash).update(bytes).digest('hex');
  return {
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    verificationMaterial: {
      x509CertificateChain: { certificates: chain.map(({ raw }) => ({ rawBytes: raw.toString('base64') })) },
      tlogEntries: [],
      ...(parts.timestamp === undefined
        ? {}
        : {
            timestampVerificationData: {
              rfc3161Timestamps: [{ signedTimestamp: Buffer.from(parts.timestamp).toString('base64') }],
            },
          }),
    },
    messageSignature: {
      messageDigest: { algorithm: NAMES[hash], digest: Buffer.from(digest, 'hex').toString('base64') },
      signature: Buffer.from(signature).toString('base64'),
    },
  };
}
