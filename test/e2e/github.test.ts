import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readSnapshot } from '../../src/snapshot/format.ts';
import { FORK, PULL, workflowRunEvent } from '../github/foreign.ts';
import { githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { BASE_SHA, MERGE_SHA, pullRequestEvent } from '../github/sample-report.ts';
import { OUTAGE } from '../support/github-api/server.ts';
import type { StoredRelease } from '../support/github-api/state.ts';
import { act, type Run } from './act.ts';
import { ROOT } from './run.ts';

const quickstart = (file: string) => readFileSync(join(ROOT, 'examples', 'quickstart', file), 'utf8');

function messages(run: Run, level: string): string {
  return run.log.commands
    .filter(({ name }) => name === level)
    .map(({ message }) => message)
    .join('\n');
}

describe('dist/action.cjs and GitHub', () => {
  it('brings the report of a fork to its pull request, in two halves', async () => {
    const api = await githubWithPullRequest({ permissions: { contents: 'read' } });
    const first = await act(api, {
      payload: pullRequestEvent(7, FORK),
      inputs: { config: 'prebuilt-breaking.yml' },
    });
    expect(first.status).toBe(1);
    expect(api.state.comments).toEqual([]);

    const posting = await githubWithPullRequest();
    posting.state.pulls.push(PULL);
    const second = await act(posting, {
      event: 'workflow_run',
      payload: workflowRunEvent(),
      inputs: { report: 'report.json' },
      change: (checkout) => cpSync(first.outputs['report-json'] ?? '', join(checkout, 'report.json')),
    });
    expect(second.stderr).toBe('');
    expect(second.status).toBe(0);
    expect(second.outputs).toMatchObject({ verdict: 'fail', blocking: first.outputs.blocking });
    expect(posting.state.comments[0]?.body).toContain('sym/removed');
    expect(posting.state.checkRuns.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ['plugin-gate (reported by the pull request)', 'failure'],
    ]);
    expect(posting.state.complaints).toEqual([]);
    expect((second.stdout + second.summary).replace(`::add-mask::${TOKEN}`, '')).not.toContain(TOKEN);
  });

  it('attaches snapshots and the report to a draft release, and replaces those of an earlier run', async () => {
    const api = await githubWithPullRequest({ permissions: { contents: 'write' } });
    const stale = { id: 3, name: 'greet-linux-amd64.abi.json.gz', bytes: Buffer.from('of an earlier run') };
    const kept = { id: 4, name: 'greet-amd64.so', bytes: Buffer.from('the plugin') };
    const draft: StoredRelease = { id: 2, tag: 'v1.1.0', draft: true, assets: [stale, kept] };
    api.state.releases.push(draft, { id: 1, tag: 'v1.0.0', assets: [] });
    const run = await act(api, {
      event: 'workflow_dispatch',
      payload: {},
      inputs: { config: 'prebuilt.yml', 'attach-to-release': 'v1.1.0', comment: 'never', 'check-run': 'false' },
    });
    expect(run.status).toBe(0);
    expect(api.state.complaints).toEqual([]);
    expect(draft.assets.map(({ name }) => name).sort()).toEqual([
      'greet-amd64.so',
      'greet-linux-amd64.abi.json.gz',
      'plugin-gate-audit.jsonl',
      'plugin-gate-report.html',
      'plugin-gate-report.json',
    ]);
    const snapshot = draft.assets.find(({ name }) => name.endsWith('.abi.json.gz'));
    expect(readSnapshot(snapshot?.bytes ?? new Uint8Array()).snapshot?.digest).toBe(
      JSON.parse(readFileSync(run.outputs['report-json'] ?? '', 'utf8')).plugins[0].artifact.digest,
    );
  });

  it('attaches nothing to a release that is published, or without the permission, and says so', async () => {
    const inputs = { config: 'prebuilt.yml', 'attach-to-release': 'v1.0.0', comment: 'never', 'check-run': 'false' };
    const published = await githubWithPullRequest({ permissions: { contents: 'write' } });
    published.state.releases.push({ id: 1, tag: 'v1.0.0', assets: [] });
    const refused = await act(published, { event: 'workflow_dispatch', payload: {}, inputs });
    expect(refused.status).toBe(0);
    expect(published.state.releases[0]?.assets).toEqual([]);
    expect(messages(refused, 'notice')).toContain('the release v1.0.0 is published already');

    const reading = await githubWithPullRequest({ permissions: { contents: 'read' } });
    reading.state.releases.push({ id: 1, tag: 'v1.0.0', draft: true, assets: [] });
    const denied = await act(reading, { event: 'workflow_dispatch', payload: {}, inputs });
    expect(denied.status).toBe(0);
    expect(messages(denied, 'notice')).toContain('there is no draft release with the tag v1.0.0');
  });

  it('judges a pull request by the policy of its base', async () => {
    const api = await githubWithPullRequest();
    const files = (text: string) => ({ 'prebuilt.yml': Buffer.from(text) });
    api.state.files.set(BASE_SHA, files(`${quickstart('prebuilt.yml')}\npolicy:\n  undecided: fail\n`));
    const lax = `${quickstart('prebuilt.yml')}\npolicy:\n  undecided: ignore\n`;
    const run = await act(api, { change: (checkout) => writeFileSync(join(checkout, 'prebuilt.yml'), lax) });
    expect(messages(run, 'warning')).toContain('lowers policy.undecided from fail to ignore');
    expect(api.state.comments[0]?.body).toContain('policy/relaxed');
    expect(JSON.parse(readFileSync(run.outputs['report-json'] ?? '', 'utf8')).policy.commit).toBe(BASE_SHA);
    expect(api.state.complaints).toEqual([]);
  });

  it('comes to no verdict when the policy of the base cannot be had', async () => {
    const api = await githubWithPullRequest({ permissions: { 'pull-requests': 'write', checks: 'write' } });
    const run = await act(api);
    expect(run.status).toBe(4);
    expect(run.outputs.verdict).toBe('error');
    expect(messages(run, 'error')).toContain('contents: read');
  });

  it.each([
    ['push', { after: MERGE_SHA }],
    ['schedule', {}],
  ])('judges a %s by itself, without a question', async (event, payload) => {
    const api = await githubWithPullRequest();
    const run = await act(api, { event, payload });
    expect(run.status).toBe(0);
    expect(api.operations().filter((name) => name.startsWith('repos/'))).toEqual([]);
    expect(api.state.checkRuns[0]?.headSha).toBe(MERGE_SHA);
  });

  it('judges a merge group by the policy of what it is put upon', async () => {
    const api = await githubWithPullRequest();
    const text = quickstart('prebuilt.yml');
    api.state.files.set(BASE_SHA, { 'prebuilt.yml': Buffer.from(text) });
    const run = await act(api, {
      event: 'merge_group',
      payload: { merge_group: { head_sha: MERGE_SHA, base_sha: BASE_SHA } },
    });
    expect(run.status).toBe(0);
    expect(JSON.parse(readFileSync(run.outputs['report-json'] ?? '', 'utf8')).policy.commit).toBe(BASE_SHA);
    expect(api.state.checkRuns.map(({ headSha, conclusion }) => [headSha, conclusion])).toEqual([
      [MERGE_SHA, 'success'],
    ]);
    expect(api.state.comments).toEqual([]);
    expect(api.state.complaints).toEqual([]);
  });

  it('judges a tag by itself, with nobody to comment to', async () => {
    const api = await githubWithPullRequest();
    const run = await act(api, {
      event: 'push',
      payload: { ref: 'refs/tags/v1.1.0', after: MERGE_SHA },
      env: { GITHUB_REF: 'refs/tags/v1.1.0' },
      inputs: { config: 'prebuilt-breaking.yml' },
    });
    expect(run.status).toBe(1);
    expect(api.state.checkRuns.map(({ conclusion }) => conclusion)).toEqual(['failure']);
    expect(api.state.comments).toEqual([]);
    expect(api.state.complaints).toEqual([]);
  });

  it('edits the same comment when the run is repeated', async () => {
    const api = await githubWithPullRequest();
    const again = { config: 'prebuilt-breaking.yml' };
    await act(api, { inputs: again });
    const run = await act(api, { inputs: again, env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(run.status).toBe(1);
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.complaints).toEqual([]);
  });

  it.each([
    ['pull-requests', 'pull-requests: write', { comments: 0, checkRuns: 1 }],
    ['checks', 'checks: write', { comments: 1, checkRuns: 0 }],
    ['security-events', 'security-events: write', { comments: 1, checkRuns: 1 }],
  ])('loses one surface alone without the permission %s, and says what to add', async (name, line, left) => {
    const all = { contents: 'read', 'pull-requests': 'write', checks: 'write', 'security-events': 'write' } as const;
    const api = await githubWithPullRequest({ permissions: { ...all, [name]: 'none' } });
    api.state.files.set(BASE_SHA, { 'prebuilt-breaking.yml': Buffer.from(quickstart('prebuilt-breaking.yml')) });
    const run = await act(api, { inputs: { config: 'prebuilt-breaking.yml', sarif: 'true' } });
    expect(run.status).toBe(1);
    expect(run.summary).toContain('sym/removed');
    expect(messages(run, 'notice')).toContain(line);
    expect({ comments: api.state.comments.length, checkRuns: api.state.checkRuns.length }).toEqual(left);
    expect(api.state.sarifs.length).toBe(name === 'security-events' ? 0 : 1);
  });

  it('loses nothing when the API goes down half way', async () => {
    const api = await githubWithPullRequest();
    api.state.files.set(BASE_SHA, { 'prebuilt-breaking.yml': Buffer.from(quickstart('prebuilt-breaking.yml')) });
    api.fail({ operation: 'graphql', answer: OUTAGE });
    api.fail({ operation: 'issues/list-comments', answer: OUTAGE });
    api.fail({ operation: 'checks/create', answer: OUTAGE });
    const run = await act(api, { inputs: { config: 'prebuilt-breaking.yml' } });
    expect(run.status).toBe(1);
    expect(run.outputs.verdict).toBe('fail');
    expect(run.summary).toContain('sym/removed');
    expect(readFileSync(run.outputs['report-html'] ?? '', 'utf8')).toContain('sym/removed');
    expect(messages(run, 'notice')).toContain('GitHub did not answer as it should');
  });

  it('plans, runs shards and brings them together', async () => {
    const api = await githubWithPullRequest();
    const planned = await act(api, { inputs: { mode: 'plan' } });
    expect(planned.status).toBe(0);
    const plan = planned.outputs.plan ?? '';
    const { include } = JSON.parse(planned.outputs.matrix ?? '');
    expect(include.length).toBeGreaterThan(0);
    const reports: [string, string][] = [];
    for (const { shard } of include) {
      const run = await act(api, {
        inputs: { mode: 'shard', shard },
        change: (checkout) => cpSync(plan, join(checkout, 'plugin-gate-plan.json')),
      });
      expect(run.status).toBe(0);
      reports.push([shard, run.outputs['report-json'] ?? '']);
    }
    expect(api.state.comments).toEqual([]);
    const merge = (some: readonly [string, string][]) =>
      act(api, {
        inputs: { mode: 'merge' },
        change: (checkout) => {
          cpSync(plan, join(checkout, 'plugin-gate-plan.json'));
          mkdirSync(join(checkout, 'plugin-gate-shards'));
          for (const [shard, file] of some) cpSync(file, join(checkout, 'plugin-gate-shards', shard, 'report.json'));
        },
      });
    const whole = await merge(reports);
    expect(whole.status).toBe(0);
    expect(whole.outputs.verdict).toBe('pass');
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.checkRuns.map(({ conclusion }) => conclusion)).toEqual(['success']);
    const partial = await merge(reports.slice(1));
    expect(partial.status).toBe(1);
    expect(messages(partial, 'error')).toContain('There is no report of the shard');
    expect(api.state.complaints).toEqual([]);
  });
});
