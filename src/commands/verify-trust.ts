import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import type { OwnAuthority } from '../signature/authority.ts';
import { LIMITS } from '../signature/limits.ts';
import type { SignaturePolicy } from '../signature/policy.ts';
import type { Trust } from '../signature/trust.ts';
import { type FileOptions, namedFile } from './verify-files.ts';

/** The options of `verify` that say who is believed. */
export interface TrustOptions extends FileOptions {
  readonly offline?: boolean;
  /** Environment of the command, for the place of the cache. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export type Believed =
  | { readonly ok: true; readonly trust: Trust; readonly authority?: OwnAuthority }
  | { readonly ok: false; readonly finding: Finding };

/**
 * Whose word counts: a trusted root from a file; the built-in one when no connection may be made, or when the signer is
 * a key or has a certificate of an own authority; else the current public-good root, which is asked for.
 * @throws UsageError for files that are not what they should be
 */
export async function believed(options: TrustOptions, { signer }: SignaturePolicy): Promise<Believed> {
  const { parseAuthority, parseTrustedRoot, publicGoodRoot, withTimestampAuthority } = await import(
    '../parts/signature.ts'
  );
  const { trustedRoot, caRoots, caIntermediates, timestampCertificateChain: chain } = options;
  if (signer.kind === 'certificate' && signer.sct === 'waived' && trustedRoot === undefined && caRoots === undefined) {
    throw new UsageError(
      'The certificate log (SCT) can be waived only for an authority of your own: give its --trusted-root, or --ca-roots.',
    );
  }
  const authority =
    caRoots === undefined
      ? undefined
      : parseAuthority(
          namedFile(caRoots, LIMITS.certificateFileBytes, 'file with the roots'),
          caIntermediates === undefined
            ? undefined
            : namedFile(caIntermediates, LIMITS.certificateFileBytes, 'file with the intermediates'),
        );
  const stamped = (trust: Trust): Believed => ({
    ok: true,
    trust:
      chain === undefined
        ? trust
        : withTimestampAuthority(trust, namedFile(chain, LIMITS.certificateFileBytes, 'timestamp authority')),
    ...(authority === undefined ? {} : { authority }),
  });
  if (trustedRoot !== undefined) {
    const { bytes, name } = namedFile(trustedRoot, LIMITS.documentBytes, 'trusted root');
    return stamped(parseTrustedRoot(bytes, name));
  }
  if (options.offline === true || signer.kind !== 'certificate' || authority !== undefined)
    return stamped(publicGoodRoot());
  const { cacheDirectory, currentTrust } = await import('../parts/tuf.ts');
  const current = await currentTrust({ cache: cacheDirectory(options.environment ?? {}) });
  return current.ok ? stamped(current.trust) : current;
}
