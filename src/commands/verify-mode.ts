import { UsageError } from '../errors.ts';
import type { ExitCode, Terminal } from './command.ts';
import { verify } from './verify.ts';
import { type RecordOptions, verifyRecord } from './verify-record.ts';
import { type SummaryOptions, verifySummary } from './verify-summary.ts';

/** All options of `plugin-gate verify`, as commander gives them. */
export interface VerifyModeOptions extends SummaryOptions, RecordOptions {
  /** The file's verdict is checked, not only who signed it. */
  readonly summary?: boolean;
  /** The file is an audit record. */
  readonly record?: boolean;
}

const SUMMARY_ONLY = [
  ['verifierId', '--verifier-id'],
  ['policyDigest', '--policy-digest'],
  ['resourceUri', '--resource-uri'],
  ['verifiedLevel', '--verified-level'],
  ['maxAge', '--max-age'],
] as const;

const WITH_RECORD: readonly string[] = ['record', 'head', 'format', 'environment'];

/**
 * `plugin-gate verify`: a signature, a signed verdict, or an audit record.
 * @throws UsageError for an option of another mode: what is not looked at must not seem to have been
 */
export async function verifyAsAsked(file: string, options: VerifyModeOptions, terminal: Terminal): Promise<ExitCode> {
  const { summary = false, record = false, ...asked } = options;
  if (record) {
    const other = Object.entries(options).find(([name, value]) => value !== undefined && !WITH_RECORD.includes(name));
    if (other !== undefined) {
      throw new UsageError('--record goes with --head and --format only: an audit record is no signed file.');
    }
    return await verifyRecord(file, asked, terminal);
  }
  if (options.head !== undefined) throw new UsageError('--head goes with --record.');
  if (summary) return await verifySummary(file, asked, terminal);
  const [, stray] = SUMMARY_ONLY.find(([name]) => options[name] !== undefined) ?? [];
  if (stray !== undefined)
    throw new UsageError(`${stray} goes with --summary: without it only the signature is checked.`);
  return await verify(file, asked, terminal);
}
