import type { GateReport } from '../../src/gate/report.ts';
import { HEAD_SHA, sampleFinding, sampleReport } from './sample-report.ts';

/** What the run of a fork's pull request leaves behind, and the event of the workflow that posts it. */

export const FORK = 'stranger/plugins';

/** A `workflow_run` payload as GitHub sends it: no pull request is named for a fork. */
export function workflowRunEvent(more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    action: 'completed',
    workflow_run: {
      id: 9001,
      run_attempt: 1,
      event: 'pull_request',
      head_sha: HEAD_SHA,
      head_branch: 'topic',
      head_repository: { full_name: FORK, fork: true },
      conclusion: 'failure',
      pull_requests: [],
      html_url: 'javascript:alert(1)',
      ...more,
    },
  };
}

export const PULL = {
  number: 7,
  state: 'open',
  headRepository: FORK,
  headRef: 'topic',
  headSha: HEAD_SHA,
} as const;

const PLUGIN: GateReport['plugins'][number] = {
  plugin: 'greet',
  kind: 'elf',
  target: 'linux/amd64',
  status: 'fail',
  steps: [{ step: 'compare', status: 'fail', durationMs: 1, summary: 'breaking', evidence: { secret: 'evidence' } }],
  facts: {},
};

export function forkReport(more: Partial<GateReport> = {}): GateReport {
  return sampleReport([sampleFinding(1)], {
    source: { repository: 'octo/plugins', commit: HEAD_SHA },
    plugins: [PLUGIN],
    ...more,
  });
}
