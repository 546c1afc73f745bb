import { ARTIFACT_LIMITS } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import { verifyVerdict } from '../report/verify.ts';
import { renderSummaryJson, renderSummaryText, type SummaryResult } from '../report/verify-summary.ts';
import { attestedPayload } from '../signature/attested.ts';
import { LIMITS } from '../signature/limits.ts';
import { checkPolicy } from '../signature/policy.ts';
import { styleFor } from '../text/style.ts';
import { type ExpectedSummary, type SummaryFacts, summaryFindings } from '../verdict/check-summary.ts';
import { SUMMARY_TYPE } from '../verdict/statement.ts';
import { SUMMARY_SUFFIX } from '../verdict/suffix.ts';
import type { ExitCode, Terminal } from './command.ts';
import { judged, type VerifyOptions } from './verify.ts';
import { checkFileOptions, findSignature, isDigest, readGiven } from './verify-files.ts';
import { policyOf } from './verify-policy.ts';

/** The options of `plugin-gate verify --summary`, as commander gives them. */
export interface SummaryOptions extends VerifyOptions {
  readonly verifierId?: string;
  readonly policyDigest?: readonly string[];
  readonly resourceUri?: string;
  readonly verifiedLevel?: readonly string[];
  readonly maxAge?: string;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `30m`, `12h` or `90d`. */
function ageOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,5})([mhd])$/.exec(given) ?? [];
  const size = UNITS[unit];
  if (size === undefined) throw new UsageError(`--max-age is a time such as 30m, 12h or 90d, not "${given}".`);
  return Number(count) * size;
}

function expectedOf(options: SummaryOptions, now: Date): ExpectedSummary {
  const { verifierId, policyDigest = [], resourceUri, verifiedLevel = [] } = options;
  if (verifierId === undefined || verifierId.trim() === '') {
    throw new UsageError(
      '--summary needs --verifier-id: say whose verdict counts. It is verdict.verifier in the configuration of the gate.',
    );
  }
  const wrong = policyDigest.find((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest));
  if (wrong !== undefined) {
    throw new UsageError(`--policy-digest "${wrong}" is not a digest: write sha256: and 64 lower-case hex digits.`);
  }
  const maxAge = ageOf(options.maxAge);
  return {
    verifier: verifierId,
    policies: policyDigest,
    levels: verifiedLevel,
    now,
    ...(resourceUri === undefined ? {} : { resource: resourceUri }),
    ...(maxAge === undefined ? {} : { maxAge }),
  };
}

/** Without --bundle, the file that the gate writes beside the artifact. */
function bundleOf(file: string, bundle: string | undefined): string {
  if (bundle !== undefined) return bundle;
  if (isDigest(file)) throw new UsageError('With a digest, name the verdict: --bundle.');
  return `${file}${SUMMARY_SUFFIX}`;
}

/**
 * `plugin-gate verify --summary FILE`: whether the gate that the options name passed this very file. Makes a connection
 * only as `verify` does.
 * @param file a path, or `sha256:<digest>` for a file that is not at hand
 * @returns 0 passed, 1 refused, 3 cannot be decided
 * @throws UsageError when the options name no signer or no verifier, or a file that is not there
 */
export async function verifySummary(
  file: string,
  options: SummaryOptions,
  terminal: Terminal,
  now: Date = new Date(),
): Promise<ExitCode> {
  if (options.signature !== undefined || options.certificate !== undefined) {
    throw new UsageError('--summary is in a bundle; --signature and --certificate do not go with it.');
  }
  if (options.gpgKey !== undefined) {
    throw new UsageError('--gpg-key does not go with --summary, which is in a sigstore bundle: give --key.');
  }
  if (options.predicateType !== undefined) {
    throw new UsageError(`--predicate-type does not go with --summary, which is always ${SUMMARY_TYPE}.`);
  }
  const expected = expectedOf(options, now);
  const asked = { ...options, bundle: bundleOf(file, options.bundle), predicateType: [SUMMARY_TYPE] };
  checkFileOptions(asked);
  const pem = options.key === undefined ? undefined : readGiven(options.key, LIMITS.keyBytes, 'key');
  const policy = policyOf(asked, pem === undefined ? undefined : Buffer.from(pem).toString('utf8'));
  checkPolicy(policy);
  const artifact = isDigest(file) ? file : readGiven(file, ARTIFACT_LIMITS.maxSize, 'file');
  const signature = findSignature(file, asked);
  const { findings, evidence } = await judged(artifact, signature, policy, asked);
  const all = [...findings];
  let summary: SummaryFacts | undefined;
  // Nothing in a statement counts before its signature does.
  if (findings.length === 0 && signature.form === 'bundle') {
    const payload = attestedPayload(signature.bytes);
    const checked = summaryFindings(payload ?? new Uint8Array(), expected);
    all.push(...checked.findings);
    summary = checked.facts;
  }
  const verdict = verifyVerdict(all);
  const result: SummaryResult = {
    schema: 'plugin-gate/verify-summary/v1',
    file,
    verdict,
    findings: all,
    ...(summary === undefined ? {} : { summary }),
    evidence,
  };
  terminal.out(
    options.format === 'json'
      ? renderSummaryJson(result)
      : await renderSummaryText(result, styleFor(terminal.colour), terminal.width),
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
