import type { GateReport, JudgedFinding } from '../../src/gate/report.ts';

/** A finding that blocks, with a place in the source. */
export function sampleFinding(index: number, more: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    rule: 'sym/removed',
    severity: 'error',
    message: `greet_${index} is gone`,
    subject: `greet_${index}`,
    plugin: 'greet',
    target: 'linux/amd64',
    step: 'compare',
    location: { file: 'src/greet.c', line: index + 1, column: 3 },
    fingerprint: index.toString(16).padStart(32, '0'),
    blocks: true,
    ...more,
  };
}

/** A report with these findings; it passes when none of them blocks. */
export function sampleReport(findings: readonly JudgedFinding[], more: Partial<GateReport> = {}): GateReport {
  const live = findings.filter((finding) => finding.waiver === undefined);
  const count = (severity: string) => live.filter((finding) => finding.severity === severity).length;
  const blocking = findings.filter((finding) => finding.blocks);
  const failed = blocking.some((finding) => finding.severity === 'error');
  return {
    schema: 'plugin-gate/report/v1',
    tool: { name: 'plugin-gate', version: '1.0.0' },
    verdict: blocking.length === 0 ? 'pass' : failed ? 'fail' : 'undecided',
    headline:
      blocking.length === 0 ? 'Nothing blocks the release.' : `The release is blocked by ${blocking.length} findings.`,
    startedAt: '2026-11-22T12:00:00.000Z',
    durationMs: 1234,
    config: { file: 'plugin-gate.yml', digest: `sha256:${'0'.repeat(64)}` },
    plugins: [],
    findings,
    counts: {
      error: count('error'),
      warning: count('warning'),
      note: count('note'),
      undecided: count('undecided'),
      waived: findings.length - live.length,
      blocking: blocking.length,
      off: 0,
    },
    ...more,
  };
}

export const HEAD_SHA = 'a'.repeat(40);
export const BASE_SHA = 'b'.repeat(40);
export const MERGE_SHA = 'c'.repeat(40);

/** The parts of a `pull_request` payload that are read, as GitHub sends them. */
export function pullRequestEvent(number: number, headRepository = 'octo/plugins'): unknown {
  return {
    action: 'synchronize',
    number,
    pull_request: {
      number,
      title: '::set-output name=verdict::pass',
      draft: false,
      head: { ref: 'topic', sha: HEAD_SHA, repo: { full_name: headRepository } },
      base: { ref: 'main', sha: BASE_SHA, repo: { full_name: 'octo/plugins' } },
    },
  };
}

/** The runner's variables for a run of `octo/plugins`. */
export function runnerEnvironment(eventName: string, apiUrl: string): Record<string, string> {
  return {
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: eventName,
    GITHUB_REPOSITORY: 'octo/plugins',
    GITHUB_SHA: MERGE_SHA,
    GITHUB_REF: eventName === 'pull_request' ? 'refs/pull/7/merge' : 'refs/heads/main',
    GITHUB_RUN_ID: '4242',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_API_URL: apiUrl,
  };
}
