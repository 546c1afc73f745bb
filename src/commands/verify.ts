import { ARTIFACT_LIMITS } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import { renderVerifyJson, renderVerifyText, type VerifyResult, verifyVerdict } from '../report/verify.ts';
import { readFileUpTo } from '../signature/file.ts';
import { LIMITS } from '../signature/limits.ts';
import type { SignatureFile } from '../signature/verify.ts';
import { styleFor } from '../text/style.ts';
import type { ExitCode, Terminal } from './command.ts';
import { type PolicyOptions, policyOf } from './verify-policy.ts';

/** The options of `plugin-gate verify`, as commander gives them. */
export interface VerifyOptions extends PolicyOptions {
  /** Paths. */
  readonly bundle?: string;
  readonly signature?: string;
  readonly key?: string;
  readonly trustedRoot?: string;
  readonly format?: 'text' | 'json';
}

/** A file that the user named and that must be there. */
function readGiven(path: string, limit: number, what: string): Uint8Array {
  const reading = readFileUpTo(path, limit);
  if (!reading.ok) throw new UsageError(`The ${what} cannot be used: ${reading.problem}.`);
  if (reading.bytes.length > limit) throw new UsageError(`The ${what} ${path} is larger than ${limit} bytes.`);
  return reading.bytes;
}

/** A missing signature is not a usage error but the refusal itself: a release without one must not pass. */
function readSignature(path: string, form: 'bundle' | 'detached'): SignatureFile {
  const limit = form === 'bundle' ? LIMITS.documentBytes : LIMITS.signatureBytes;
  const reading = readFileUpTo(path, limit);
  if (reading.ok) return { form, bytes: reading.bytes, name: path };
  if (reading.missing) return { form: 'none', looked: [path] };
  throw new UsageError(`The ${form === 'bundle' ? 'bundle' : 'signature'} cannot be used: ${reading.problem}.`);
}

/** The signature that was named, or the one that lies beside the file under its usual name. */
function findSignature(file: string, options: VerifyOptions): SignatureFile {
  const { bundle, signature, key } = options;
  if (bundle !== undefined && signature !== undefined)
    throw new UsageError('Give either --bundle or --signature, not both.');
  if (signature !== undefined && key === undefined) {
    throw new UsageError(
      '--signature needs --key: a signature alone names no signer. For a certificate give the --bundle.',
    );
  }
  if (bundle !== undefined) return readSignature(bundle, 'bundle');
  if (signature !== undefined) return readSignature(signature, 'detached');
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

function isDigest(file: string): file is `sha256:${string}` {
  return file.startsWith('sha256:');
}

/**
 * `plugin-gate verify FILE`: whether a file was signed by whom the options name. Makes no connection.
 * @param file a path, or `sha256:<digest>` for a file that is not at hand
 * @returns 0 verified, 1 refused, 3 cannot be decided
 * @throws UsageError when the options name nobody, or a file that is not there (exit 2)
 */
export async function verify(file: string, options: VerifyOptions, terminal: Terminal): Promise<ExitCode> {
  const pem = options.key === undefined ? undefined : readGiven(options.key, LIMITS.keyBytes, 'key');
  const policy = policyOf(options, pem === undefined ? undefined : Buffer.from(pem).toString('utf8'));
  const artifact = isDigest(file) ? file : readGiven(file, ARTIFACT_LIMITS.maxSize, 'file');
  const signature = findSignature(file, options);
  const { parseTrustedRoot, verifyArtifact } = await import('../parts/signature.ts');
  const trust =
    options.trustedRoot === undefined
      ? {}
      : {
          trust: parseTrustedRoot(
            readGiven(options.trustedRoot, LIMITS.documentBytes, 'trusted root'),
            options.trustedRoot,
          ),
        };
  const { findings, evidence } = await verifyArtifact({ artifact, signature, policy, ...trust });
  const verdict = verifyVerdict(findings);
  const result: VerifyResult = { schema: 'plugin-gate/verify/v1', file, verdict, findings, evidence };
  terminal.out(
    options.format === 'json'
      ? renderVerifyJson(result)
      : renderVerifyText(result, styleFor(terminal.colour), terminal.width),
  );
  switch (verdict) {
    case 'verified':
      return 0;
    case 'refused':
      return 1;
    case 'undecided':
      return 3;
  }
}
