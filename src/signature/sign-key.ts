import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { preAuthEncoding } from './content.ts';
import { type SigningKey, signingKey } from './key.ts';
import { LIMITS } from './limits.ts';
import type { Payload } from './statement.ts';

/** A private key that signs, with its public half. */
export interface PrivateSigner {
  readonly key: KeyObject;
  readonly public: SigningKey;
}

/**
 * The private key of a PEM text (PKCS #8, plain or encrypted, SEC 1 or PKCS #1; whatever node:crypto reads).
 * No message quotes the text or the password.
 * @param name for messages: the file, or the environment variable
 * @param password of an encrypted key
 * @throws UsageError when the text is no private key, the password is wrong or missing, or the kind is not accepted
 */
export function readPrivateKey(pem: string, name: string, password: string | undefined): PrivateSigner {
  if (pem.length > LIMITS.keyBytes) throw new UsageError(`${name} is too large for a private key.`);
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (label === undefined) throw new UsageError(`${name} is not a private key in PEM: it has no "-----BEGIN" line.`);
  if (/^ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY$/.test(label)) {
    throw new UsageError(
      `${name} holds a key in cosign's own encryption. Give the key in PKCS #8, as openssl makes it (openssl genpkey), and let cosign have it with "cosign import-key-pair".`,
    );
  }
  if (!label.endsWith('PRIVATE KEY')) throw new UsageError(`${name} holds a "${label}", not a private key.`);
  const encrypted = label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
  if (encrypted && password === undefined) {
    throw new UsageError(
      `${name} holds an encrypted key, and the configuration names no password (verdict.key.password).`,
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(password === undefined ? {} : { passphrase: password }) });
  } catch {
    // OpenSSL's own words say little, and nothing of the text may get into a log.
    const why = encrypted ? 'the password is wrong, or the key is damaged' : 'it is damaged or of an unknown kind';
    throw new UsageError(`The private key in ${name} cannot be read: ${why}.`);
  }
  const usable = signingKey(createPublicKey(key));
  if (typeof usable === 'string') throw new UsageError(`The private key in ${name} cannot be used: ${usable}.`);
  return { key, public: usable };
}

/**
 * A sigstore bundle v0.3 with a DSSE envelope signed by a key: no certificate, no log entry. ECDSA and RSA sign with
 * SHA-256 whatever their size: cosign 3.1 and slsa-verifier expect that of a key for attestations.
 */
export function signWithKey(payload: Payload, { key, public: { key: publicKey, hashes } }: PrivateSigner): object {
  const signature = sign(hashes.length === 0 ? null : 'sha256', preAuthEncoding(payload), key);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      // As cosign hints at keys; no verifier may trust a key for it.
      publicKey: { hint: createHash('sha256').update(spki).digest('base64') },
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: Buffer.from(payload.bytes).toString('base64'),
      payloadType: payload.type,
      signatures: [{ sig: signature.toString('base64') }],
    },
  };
}
