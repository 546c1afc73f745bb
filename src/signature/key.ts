import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { KeyFacts } from './evidence.ts';
import { LIMITS } from './limits.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** A public key with the algorithms that its type allows; nothing in a signature file can choose another. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly facts: KeyFacts;
  /** Empty for Ed25519, which signs the message itself. */
  readonly hashes: readonly HashName[];
}

const MIN_RSA_BITS = 2048;

/** cosign signs with SHA-256 whatever the curve (before v3), and with the curve's own size since. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly hashes: readonly HashName[] }>> = {
  prime256v1: { name: 'P-256', hashes: ['sha256'] },
  secp384r1: { name: 'P-384', hashes: ['sha384', 'sha256'] },
  secp521r1: { name: 'P-521', hashes: ['sha512', 'sha256'] },
};

/** `sha256:<hex>` of the SubjectPublicKeyInfo in DER. */
export function keyFingerprint(key: KeyObject): string {
  return `sha256:${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`;
}

/** The key with its algorithms, or a sentence that says why such keys are not accepted. */
export function signingKey(key: KeyObject): SigningKey | string {
  const as = (algorithm: string, hashes: readonly HashName[]): SigningKey => ({
    key,
    hashes,
    facts: { kind: 'key', algorithm, fingerprint: keyFingerprint(key) },
  });
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
      if (curve === undefined) {
        return `it is on the curve ${key.asymmetricKeyDetails?.namedCurve ?? '(unnamed)'}; P-256, P-384 and P-521 are accepted`;
      }
      return as(`ECDSA ${curve.name}`, curve.hashes);
    }
    case 'ed25519':
      return as('Ed25519', []);
    case 'rsa': {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      if (bits < MIN_RSA_BITS) return `it has ${bits} bits; RSA needs at least ${MIN_RSA_BITS}`;
      return as(`RSA ${bits}`, ['sha256', 'sha384', 'sha512']);
    }
    default:
      return `its type is ${key.asymmetricKeyType ?? 'unknown'}; ECDSA, Ed25519 and RSA are accepted`;
  }
}

/**
 * The one public key of a PEM text that the user configured.
 * @param name for messages, for example the file name
 * @throws UsageError when the text is not exactly one public key of an accepted kind
 */
export function readPublicKey(pem: string, name: string): SigningKey {
  if (pem.length > LIMITS.keyBytes)
    throw new UsageError(`${name} is too large for a public key (${pem.length} characters).`);
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  const [label] = labels;
  if (label === undefined) {
    throw new UsageError(`${name} is not a public key in PEM: it has no "-----BEGIN PUBLIC KEY-----" line.`);
  }
  if (labels.some((each) => each.includes('PRIVATE KEY'))) {
    throw new UsageError(`${name} holds a private key. Give the public half, and keep this file off build machines.`);
  }
  if (labels.length > 1)
    throw new UsageError(`${name} holds ${labels.length} PEM blocks; give exactly one public key.`);
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') {
    throw new UsageError(`${name} holds a "${label}", not a public key.`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name} is not a readable public key: ${why}`);
  }
  const usable = signingKey(key);
  if (typeof usable === 'string') throw new UsageError(`The key in ${name} cannot be used: ${usable}.`);
  return usable;
}

/**
 * Whether a signature over the bytes verifies with one of the key's own algorithms (or with `hash`, when the key allows
 * it). ECDSA signatures are DER, RSA is PKCS #1 v1.5, as cosign and OpenSSL make them. Any fault is `false`.
 */
export function verifies(key: SigningKey, data: Uint8Array, signature: Uint8Array, hash?: HashName): boolean {
  const attempt = (algorithm: HashName | null): boolean => {
    try {
      return verify(algorithm, data, key.key, signature);
    } catch {
      return false;
    }
  };
  if (key.hashes.length === 0) return attempt(null);
  const hashes = hash === undefined ? key.hashes : key.hashes.filter((each) => each === hash);
  return hashes.some(attempt);
}
