import { createHash, type KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import type { SignedEntity } from '@sigstore/verify';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Artifact } from './artifact.ts';
import { type HashName, signingKey, verifies } from './key.ts';
import type { Payload } from './statement.ts';

/** protobuf-specs, sigstore_common.proto, HashAlgorithm. SHA-3 is left out: no tool signs plugins with it. */
const HASHES: Readonly<Record<number, HashName>> = { 1: 'sha256', 2: 'sha384', 3: 'sha512' };

/** What a bundle's signature is over. */
export type Content =
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly hash: HashName; readonly signature: Uint8Array }
  | { readonly kind: 'attestation'; readonly payload: Payload; readonly signature: Uint8Array };

export type ContentOutcome =
  | { readonly ok: true; readonly content: Content }
  | { readonly ok: false; readonly finding: Finding };

/**
 * Binds a bundle's content to the artifact. The digest that a message signature claims is compared with the artifact's
 * own: the library only compares the claim with the log.
 */
export function contentOf(bundle: Bundle, artifact: Artifact): ContentOutcome {
  switch (bundle.content.$case) {
    case 'dsseEnvelope': {
      const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
      const [signature, ...more] = signatures;
      if (signature === undefined || more.length > 0) {
        const message = `Expected one signature in the attestation, found ${signatures.length}.`;
        return { ok: false, finding: finding('sig/malformed', message) };
      }
      return {
        ok: true,
        content: { kind: 'attestation', payload: { type: payloadType, bytes: payload }, signature: signature.sig },
      };
    }
    case 'messageSignature': {
      const { messageDigest, signature } = bundle.content.messageSignature;
      const hash = HASHES[messageDigest.algorithm];
      if (hash === undefined) {
        const message = `Expected a digest with SHA-256, SHA-384 or SHA-512, found the algorithm number ${messageDigest.algorithm}.`;
        return { ok: false, finding: finding('sig/unsupported', message) };
      }
      const claimed = messageDigest.digest.toString('hex');
      const actual =
        hash === 'sha256' ? artifact.sha256 : artifact.bytes && createHash(hash).update(artifact.bytes).digest('hex');
      if (actual !== undefined && claimed !== actual) {
        return {
          ok: false,
          finding: finding(
            'sig/digest-mismatch',
            `Expected a signature of ${hash} ${actual}, found one of ${hash} ${claimed.slice(0, 128)}.`,
            {
              subject: 'digest',
              details: `To look at the file: openssl dgst -${hash} FILE`,
            },
          ),
        };
      }
      if (artifact.bytes === undefined) {
        const message = 'The signature is over the bytes of the file, and only its digest was given.';
        return { ok: false, finding: finding('sig/needs-file', message) };
      }
      return { ok: true, content: { kind: 'message', bytes: artifact.bytes, hash, signature } };
    }
  }
}

/** DSSE pre-authentication encoding (dsse protocol.md): what the signature of an envelope is over. */
export function preAuthEncoding({ type, bytes }: Payload): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${bytes.length} `;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Whether this key made the signature, with an algorithm that the key's type allows. */
export function signedBy(content: Content, key: KeyObject): boolean {
  const usable = signingKey(key);
  if (typeof usable === 'string') return false;
  switch (content.kind) {
    case 'message':
      return verifies(usable, content.bytes, content.signature, content.hash);
    case 'attestation':
      return verifies(usable, preAuthEncoding(content.payload), content.signature);
  }
}

/**
 * The library's view of a bundle, with the check of the signature itself replaced by {@link signedBy}: the library lets
 * the bundle choose the hash, and cannot check Ed25519 signatures of files.
 */
export function withOwnSignatureCheck(entity: SignedEntity, content: Content): SignedEntity {
  const inner = entity.signature;
  return {
    ...entity,
    signature: {
      signature: inner.signature,
      compareSignature: (signature) => inner.compareSignature(signature),
      compareDigest: (digest) => inner.compareDigest(digest),
      compareSignedDigest: (digest) => inner.compareSignedDigest(digest),
      verifySignature: (key) => signedBy(content, key),
    },
  };
}
