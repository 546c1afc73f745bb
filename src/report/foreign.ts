import { UsageError } from '../errors.ts';
import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { fingerprints } from '../rules/fingerprint.ts';
import { totalsOf } from '../rules/judge.ts';
import { finding } from '../rules/make.ts';
import { truncate } from '../text/truncate.ts';
import { contradictionOf } from './contradiction.ts';
import { parseReport } from './schema.ts';

/** UTF-16 code units; a report above it is nothing that a pull request could be told. */
const LONGEST = 16 * 1024 * 1024;

export interface ForeignOrigin {
  /** `owner/name` of the repository that the pull request is for. */
  readonly repository: string;
  /** The commit that the run was about, from GitHub. */
  readonly commit: string;
  /** How GitHub says that the run ended, such as `success`. */
  readonly conclusion: string;
}

/** What a finding is allowed to do, whatever the report says: an error that nobody accepted blocks. */
function withFate(finding: JudgedFinding): JudgedFinding {
  const { severity, waiver } = finding;
  const blocks = waiver === undefined && (severity === 'error' || (severity === 'undecided' && finding.blocks));
  return { ...finding, blocks };
}

/** The one thing that GitHub itself says of the run. It is judged here: the policy is part of what could have been changed. */
function notConfirmed(conclusion: string): JudgedFinding {
  const message = `The report says that nothing blocks, but the run that made it ended with "${truncate(conclusion, 30)}".`;
  const plain = finding('gate/run-failed', message, { subject: 'run' });
  const [fingerprint = ''] = fingerprints([plain]);
  return { ...plain, fingerprint, blocks: true };
}

/**
 * A report from a job that is not to be trusted, made anew from its data: checked against the schema, with verdict,
 * headline and counts worked out from its findings, and bound to the commit that GitHub names. The evidence of steps,
 * JSON of any shape, is left out.
 * @throws UsageError when it is no report, or one about another commit or repository
 */
export function foreignReport(json: string, { repository, commit, conclusion }: ForeignOrigin): GateReport {
  const report = parseReport(json, LONGEST);
  const { source } = report;
  if (source?.commit !== commit) {
    throw new UsageError(
      `The report is about ${source?.commit === undefined ? 'no commit' : 'another commit'}, but the run was about ${commit}. It is not posted.`,
    );
  }
  if (source.repository?.toLowerCase() !== repository.toLowerCase()) {
    throw new UsageError(`The report is not about ${repository}. It is not posted.`);
  }
  if (report.plugins.length === 0) throw new UsageError('The report is about no plugin at all. It is not posted.');
  const lost = contradictionOf(report);
  if (lost !== undefined) throw new UsageError(`The report contradicts itself: ${lost}. It is not posted.`);
  const judged = report.findings.map(withFate);
  const claim = totalsOf(judged, 0).verdict;
  const findings = claim === 'pass' && conclusion !== 'success' ? [notConfirmed(conclusion), ...judged] : judged;
  return {
    ...report,
    ...totalsOf(findings, report.counts.off ?? 0),
    source: { repository, commit },
    plugins: report.plugins.map((plugin) => ({
      ...plugin,
      steps: plugin.steps.map(({ evidence: _, ...step }) => step),
    })),
    findings,
  };
}
