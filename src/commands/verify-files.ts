import { UsageError } from '../errors.ts';
import type { NamedFile } from '../signature/authority.ts';
import { readFileUpTo } from '../signature/file.ts';
import { LIMITS } from '../signature/limits.ts';
import type { SignatureFile } from '../signature/verify.ts';

/** The options of `verify` that name files, as commander gives them. Paths. */
export interface FileOptions {
  readonly bundle?: string;
  readonly signature?: string;
  readonly certificate?: string;
  readonly rfc3161Timestamp?: string;
  readonly timestampCertificateChain?: string;
  readonly key?: string;
  readonly gpgKey?: string;
  readonly caRoots?: string;
  readonly caIntermediates?: string;
  readonly trustedRoot?: string;
}

/**
 * A file that the user named and that must be there.
 * @throws UsageError
 */
export function readGiven(path: string, limit: number, what: string): Uint8Array {
  const reading = readFileUpTo(path, limit);
  if (!reading.ok) throw new UsageError(`The ${what} cannot be used: ${reading.problem}.`);
  if (reading.bytes.length > limit) throw new UsageError(`The ${what} ${path} is larger than ${limit} bytes.`);
  return reading.bytes;
}

export function namedFile(path: string, limit: number, what: string): NamedFile {
  return { bytes: readGiven(path, limit, what), name: path };
}

/** `sha256:<digest>` in place of a path. */
export function isDigest(file: string): file is `sha256:${string}` {
  return file.startsWith('sha256:');
}

const NOT_WITH_GPG_KEY: readonly (readonly [keyof FileOptions, string])[] = [
  ['key', '--key'],
  ['bundle', '--bundle'],
  ['certificate', '--certificate'],
  ['rfc3161Timestamp', '--rfc3161-timestamp'],
  ['timestampCertificateChain', '--timestamp-certificate-chain'],
  ['caRoots', '--ca-roots'],
  ['caIntermediates', '--ca-intermediates'],
  ['trustedRoot', '--trusted-root'],
];

/** Options that only belong together, or never do. @throws UsageError */
export function checkFileOptions(options: FileOptions): void {
  const { bundle, signature, certificate, key, caRoots } = options;
  const refuse = (message: string): never => {
    throw new UsageError(message);
  };
  if (options.gpgKey !== undefined) {
    const [, other] = NOT_WITH_GPG_KEY.find(([name]) => options[name] !== undefined) ?? [];
    if (other !== undefined) refuse(`${other} does not go with --gpg-key, which is for a detached OpenPGP signature.`);
    if (signature === undefined) refuse('--gpg-key needs --signature: the detached OpenPGP signature (.asc or .sig).');
    return;
  }
  if (bundle !== undefined && signature !== undefined) refuse('Give either --bundle or --signature, not both.');
  if (bundle !== undefined && certificate !== undefined) {
    refuse('--certificate does not go with --bundle, which holds the certificate. It goes with --signature.');
  }
  if (key !== undefined && certificate !== undefined) {
    refuse('--certificate does not go with --key: the signer is named either by a certificate or by a key.');
  }
  if (key !== undefined && caRoots !== undefined) {
    refuse('--ca-roots does not go with --key: the signer is named either by a certificate or by a key.');
  }
  if (certificate !== undefined && signature === undefined) {
    refuse('--certificate needs --signature: a certificate alone signs nothing.');
  }
  if (signature !== undefined && key === undefined && certificate === undefined) {
    refuse(
      '--signature needs --key, --gpg-key or --certificate: a signature alone names no signer. If there is a bundle, give --bundle.',
    );
  }
  if (options.caIntermediates !== undefined && caRoots === undefined) {
    refuse('--ca-intermediates needs --ca-roots: intermediates are not believed by themselves.');
  }
  if (options.rfc3161Timestamp !== undefined && certificate === undefined) {
    refuse('--rfc3161-timestamp goes with --signature and --certificate; a bundle holds its own timestamps.');
  }
}

/** A missing signature is not a usage error but the refusal itself: a release without one must not pass. */
function readSignature(path: string, form: 'bundle' | 'detached'): SignatureFile {
  const limit = form === 'bundle' ? LIMITS.documentBytes : LIMITS.signatureBytes;
  const reading = readFileUpTo(path, limit);
  if (reading.ok) return { form, bytes: reading.bytes, name: path };
  if (reading.missing) return { form: 'none', looked: [path] };
  throw new UsageError(`The ${form === 'bundle' ? 'bundle' : 'signature'} cannot be used: ${reading.problem}.`);
}

/**
 * The signature that was named, or the one that lies beside the file under its usual name.
 * @throws UsageError for a file that is not one, or when a digest has no named signature
 */
export function findSignature(file: string, options: FileOptions): SignatureFile {
  const { bundle, signature, certificate, rfc3161Timestamp, key } = options;
  if (bundle !== undefined) return readSignature(bundle, 'bundle');
  if (signature !== undefined) {
    const found = readSignature(signature, 'detached');
    if (found.form !== 'detached' || certificate === undefined) return found;
    return {
      ...found,
      certificate: readGiven(certificate, LIMITS.certificateFileBytes, 'certificate'),
      ...(rfc3161Timestamp === undefined
        ? {}
        : { timestamp: readGiven(rfc3161Timestamp, LIMITS.derBytes, 'timestamp') }),
    };
  }
  if (isDigest(file)) throw new UsageError('With a digest, name the signature: --bundle.');
  const beside: SignatureFile[] = [readSignature(`${file}.sigstore.json`, 'bundle')];
  if (key !== undefined) beside.push(readSignature(`${file}.sig`, 'detached'));
  return (
    beside.find(({ form }) => form !== 'none') ?? {
      form: 'none',
      looked: beside.flatMap((each) => (each.form === 'none' ? each.looked : [])),
    }
  );
}
