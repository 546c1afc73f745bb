import type { ImageSignature } from '../oci/signatures.ts';
import type { Finding } from '../rules/finding.ts';

/** A previous release that was brought into a directory of the gate's own. */
export interface FetchedRelease {
  /** Absolute path of the directory. */
  readonly root: string;
  /** Path below it. */
  readonly file: string;
  /** Where it comes from, for people: `greet-amd64.so of release v1.2.0 of octo/plugins`. */
  readonly source: string;
  /** Version that the place it comes from gives it. */
  readonly version?: string;
  /** What a registry has as signatures of the image that it was taken from; nothing of it is believed yet. */
  readonly signatures?: ImageSignatures;
}

/** Signatures that a registry has, and the digest of what they must be about. */
export interface ImageSignatures {
  readonly about: string;
  readonly found: readonly ImageSignature[];
}

/** Either the release, or findings that say why there is none. */
export type FetchOutcome =
  | { readonly fetched: FetchedRelease; readonly findings?: undefined }
  | { readonly fetched?: undefined; readonly findings: readonly Finding[] };
