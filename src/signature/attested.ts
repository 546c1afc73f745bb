import { artifactOfDigest } from './artifact.ts';
import { readBundle } from './bundle.ts';

/**
 * The payload of the one attestation in a bundle file that was verified before: the same bytes, read the same way.
 * @param digest of the artifact, `sha256:<hex>`
 * @returns undefined for a file with several bundles, or with none
 */
export function attestedPayload(bundle: Uint8Array, digest: string): Uint8Array | undefined {
  const reading = readBundle(bundle, artifactOfDigest(digest));
  if (!reading.ok || reading.read.bundle.content.$case !== 'dsseEnvelope') return undefined;
  return reading.read.bundle.content.dsseEnvelope.payload;
}
