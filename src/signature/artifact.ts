import { createHash } from 'node:crypto';
import { UsageError } from '../errors.ts';

/** What a signature is about: the bytes that the loader gets later, or a digest where the file is not at hand. */
export interface Artifact {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly bytes?: Uint8Array;
}

/** The digest is computed here, never taken from anywhere. */
export function artifactOf(bytes: Uint8Array): Artifact {
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * @param digest `sha256:` and 64 lower-case hex digits
 * @throws UsageError for any other text
 */
export function artifactOfDigest(digest: string): Artifact {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined)
    throw new UsageError(`"${digest}" is not a digest: write sha256: and 64 lower-case hex digits.`);
  return { sha256: hex };
}
