import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runAction } from '../../src/action/run.ts';
import { postReport } from '../../src/github/post.ts';
import { FORK, forkReport, PULL, workflowRunEvent } from '../github/foreign.ts';
import { FAST, githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { HEAD_SHA, runnerEnvironment, sampleFinding } from '../github/sample-report.ts';
import type { GitHubApi } from '../support/github-api/server.ts';
import { workspace } from '../support/workspace.ts';
import { readRunnerLog } from './runner-log.ts';

const base = workspace();
let runs = 0;

interface Setup {
  readonly report?: string;
  readonly payload?: unknown;
  readonly event?: string;
  /** Makes the file in place of writing the report. */
  readonly make?: (file: string) => void;
}

/** Runs the Action on a report that another run uploaded. */
async function post(api: GitHubApi, setup: Setup = {}) {
  const directory = join(base, `run-${++runs}`);
  mkdirSync(join(directory, 'plugin-gate-report'), { recursive: true });
  const file = join(directory, 'plugin-gate-report', 'report.json');
  if (setup.make) setup.make(file);
  else writeFileSync(file, setup.report ?? JSON.stringify(forkReport()));
  writeFileSync(join(directory, 'event.json'), JSON.stringify(setup.payload ?? workflowRunEvent()));
  const summaryFile = join(directory, 'summary.md');
  const outputs: Record<string, string> = {};
  let stdout = '';
  const exitCode = await runAction({
    env: {
      ...runnerEnvironment(setup.event ?? 'workflow_run', api.apiUrl),
      GITHUB_WORKSPACE: directory,
      GITHUB_EVENT_PATH: join(directory, 'event.json'),
      GITHUB_STEP_SUMMARY: summaryFile,
    },
    version: '1.2.3',
    write: (text) => {
      stdout += text;
    },
    getInput: (name) => ({ token: TOKEN, report: 'plugin-gate-report/report.json' })[name] ?? '',
    setSecret: () => {},
    setOutput: (name, value) => {
      outputs[name] = value;
    },
    gate: () => {
      throw new Error('no gate is run where a report is posted');
    },
    plan: () => Promise.reject(new Error('nothing is planned here')),
    post: postReport,
    client: { retry: FAST, timeoutMs: 2000 },
  });
  return { exitCode, stdout, outputs, log: readRunnerLog(stdout), summary: readFileSync(summaryFile, 'utf8') };
}

async function github(): Promise<GitHubApi> {
  const api = await githubWithPullRequest();
  api.state.pulls.push(PULL);
  return api;
}

describe('the report of a fork, posted by the second workflow', () => {
  it('becomes a comment and a check run that says where it comes from', async () => {
    const api = await github();
    const run = await post(api);
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ verdict: 'fail', blocking: '1' });
    expect(api.state.comments).toHaveLength(1);
    const body = api.state.comments[0]?.body ?? '';
    expect(api.state.comments[0]?.issue).toBe(7);
    expect(body).toContain('https://github.example/octo/plugins/actions/runs/9001');
    expect(body).toContain(`\`${FORK}\``);
    expect(body).toContain('sym/removed');
    expect(body).not.toContain('javascript:');
    expect(api.state.checkRuns).toEqual([
      expect.objectContaining({
        name: 'plugin-gate (reported by the pull request)',
        headSha: HEAD_SHA,
        conclusion: 'failure',
        title: expect.stringContaining('in the run of the pull request'),
      }),
    ]);
    expect(api.state.complaints).toEqual([]);
    expect(run.summary).toContain('sym/removed');
  });

  it('never makes a success of a pass that nobody else saw', async () => {
    const api = await github();
    const { plugins } = forkReport();
    const clean = plugins.map((one) => ({
      ...one,
      status: 'pass' as const,
      steps: one.steps.map((step) => ({ ...step, status: 'pass' as const })),
    }));
    const counts = { error: 0, warning: 0, note: 0, undecided: 0, waived: 0, blocking: 0 };
    const report = forkReport({ findings: [], verdict: 'pass', counts, plugins: clean });
    await post(api, { report: JSON.stringify(report), payload: workflowRunEvent({ conclusion: 'success' }) });
    expect(api.state.checkRuns.map(({ conclusion }) => conclusion)).toEqual(['neutral']);

    const doubted = await post(await github(), { report: JSON.stringify(report) });
    expect(doubted.outputs).toMatchObject({ verdict: 'undecided', blocking: '1' });
    expect(doubted.summary).toContain('the run that made it ended with "failure"');
  });

  it('works the verdict out from the findings', async () => {
    const api = await github();
    const lie = forkReport({
      verdict: 'pass',
      headline: 'Nothing blocks the release.',
      findings: [sampleFinding(1, { blocks: false })],
      counts: { error: 0, warning: 0, note: 0, undecided: 0, waived: 0, blocking: 0 },
    });
    const run = await post(api, { report: JSON.stringify(lie) });
    expect(run.outputs).toMatchObject({ verdict: 'fail', errors: '1', blocking: '1' });
    expect(api.state.comments[0]?.body).not.toContain('Nothing blocks');
  });

  it('shows names as names', async () => {
    const api = await github();
    const evil = '](http://evil.example) @everyone <img src=x> ::set-output name=verdict::pass';
    const report = forkReport({ findings: [sampleFinding(1, { subject: evil, symbol: evil, message: evil })] });
    const run = await post(api, { report: JSON.stringify(report) });
    const body = api.state.comments[0]?.body ?? '';
    expect(body).not.toMatch(/(?<!\\)\]\(http:\/\/evil|@everyone|<img/);
    expect(run.log.commands.filter(({ name }) => name === 'set-output')).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another shape', '[]'],
    ['a text beyond all limits', JSON.stringify(forkReport({ headline: 'x'.repeat(70_000) }))],
    ['a rule that does not exist', JSON.stringify(forkReport()).replace('sym/removed', 'sym/invented')],
    ['no plugin', JSON.stringify(forkReport({ plugins: [] }))],
    ['another commit', JSON.stringify(forkReport({ source: { repository: 'octo/plugins', commit: 'd'.repeat(40) } }))],
    ['findings that were lost on the way', JSON.stringify(forkReport({ findings: [] }))],
    ['no commit', JSON.stringify(forkReport({ source: { repository: 'octo/plugins' } }))],
    ['another repository', JSON.stringify(forkReport({ source: { repository: 'octo/other', commit: HEAD_SHA } }))],
    ['lists in lists without end', '['.repeat(2_000_000)],
  ])('refuses %s, and posts nothing', async (_, report) => {
    const api = await github();
    const run = await post(api, { report });
    expect(run.exitCode).toBe(2);
    expect(run.outputs.verdict).toBe('error');
    expect(api.state.received).toEqual([]);
  });

  it('reads no file outside of the workspace, and shows nothing of it', async () => {
    const api = await github();
    const run = await post(api, { make: (file) => symlinkSync('/etc/passwd', file) });
    expect(run.exitCode).toBe(2);
    expect(run.stdout + run.summary).not.toContain('root:');
    expect(api.state.received).toEqual([]);
  });

  it.each([
    ['another commit by now', [{ ...PULL, headSha: 'd'.repeat(40) }], 'the pull request has newer commits'],
    ['been closed', [{ ...PULL, state: 'closed' as const }], 'no open pull request has this head'],
    ['a branch of that name in another fork', [{ ...PULL, headRepository: 'stranger/else' }], 'no open pull request'],
    ['a twin', [PULL, { ...PULL, number: 8 }], 'several pull requests'],
  ])('comments nowhere when the pull request has %s', async (_, pulls, reason) => {
    const api = await githubWithPullRequest();
    api.state.pulls.push(...pulls);
    const run = await post(api);
    expect(run.exitCode).toBe(0);
    expect(api.state.comments).toEqual([]);
    expect(api.state.checkRuns).toHaveLength(1);
    expect(run.stdout).toContain(reason);
  });

  it('believes no pull request number but what GitHub answers', async () => {
    const api = await github();
    api.state.issues.add(1);
    await post(api, {
      report: JSON.stringify({ ...forkReport(), pullRequest: 1, number: 1 }),
      payload: workflowRunEvent({ pull_requests: [{ number: 1 }] }),
    });
    expect(api.state.comments.map(({ issue }) => issue)).toEqual([7]);
  });

  it.each([
    ['a pull request', 'pull_request', { pull_request: { number: 7 } }],
    ['a run of a push', 'workflow_run', workflowRunEvent({ event: 'push' })],
    ['a run without a commit', 'workflow_run', workflowRunEvent({ head_sha: 'main' })],
  ])('is not posted for %s', async (_, event, payload) => {
    const api = await github();
    const run = await post(api, { event, payload });
    expect(run.exitCode).toBe(2);
    expect(api.state.received).toEqual([]);
  });

  it.each([
    ['checks', { checks: 'read', 'pull-requests': 'write' }, 0, 1],
    ['pull-requests', { checks: 'write', 'pull-requests': 'none' }, 1, 0],
  ] as const)('loses only what needs the permission %s', async (name, permissions, checkRuns, comments) => {
    const api = await githubWithPullRequest({ permissions });
    api.state.pulls.push(PULL);
    const run = await post(api);
    expect(run.exitCode).toBe(0);
    expect(api.state.checkRuns).toHaveLength(checkRuns);
    expect(api.state.comments).toHaveLength(comments);
    const notices = run.log.commands.filter((command) => command.name === 'notice');
    expect(notices.map(({ message }) => message)).toEqual([expect.stringContaining(`${name}: write`)]);
  });
});
