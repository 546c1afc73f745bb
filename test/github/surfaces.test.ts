import { describe, expect, it } from '@jest/globals';
import { renderSarif } from '../../src/report/sarif.ts';
import { OUTAGE } from '../support/github-api/server.ts';
import { ACTIONS_TOKEN } from '../support/github-api/state.ts';
import { githubWithPullRequest, post, states } from './posting.ts';
import { HEAD_SHA, MERGE_SHA, pullRequestEvent, sampleFinding, sampleReport } from './sample-report.ts';

const report = sampleReport([sampleFinding(1)]);
const sarif = async () => renderSarif(report);

describe('code scanning', () => {
  it('gets the findings, for the commit and ref of the run', async () => {
    const api = await githubWithPullRequest({
      permissions: { ...ACTIONS_TOKEN.permissions, 'security-events': 'write' },
    });
    expect(states(await post(api, { sarif }))).toMatchObject({ sarif: 'uploaded' });
    expect(api.state.sarifs).toEqual([{ sha: MERGE_SHA, ref: 'refs/pull/7/merge', text: renderSarif(report) }]);
    expect(api.state.complaints).toEqual([]);
  });

  it('costs nothing else when it may not be used, and the notice names its permission', async () => {
    const api = await githubWithPullRequest();
    const outcome = await post(api, { sarif });
    expect(states(outcome)).toEqual({ 'check-run': '1 annotations', sarif: 'failed', comment: 'created' });
    expect(outcome.notice).toContain('"security-events: write"');
    expect(outcome.notice).toMatch(/permissions:\n {2}contents: read\n {2}checks: write\n {2}security-events: write\n/);
  });

  it('is not asked for unless it is wanted', async () => {
    const api = await githubWithPullRequest();
    expect(states(await post(api))).not.toHaveProperty('sarif');
    expect(api.operations()).not.toContain('code-scanning/upload-sarif');
  });

  it('is told when the file cannot be made or GitHub is down', async () => {
    const api = await githubWithPullRequest({
      permissions: { ...ACTIONS_TOKEN.permissions, 'security-events': 'write' },
    });
    api.fail({ operation: 'code-scanning/upload-sarif', answer: OUTAGE, times: 1 });
    expect(states(await post(api, { sarif }))).toMatchObject({ sarif: 'uploaded' });
    const broken = await post(api, { sarif: () => Promise.reject(new Error('no room')) });
    expect(states(broken)).toMatchObject({ sarif: 'failed', comment: expect.any(String) });
  });
});

describe('the commit status', () => {
  const permissions = { 'pull-requests': 'write', statuses: 'write' } as const;

  it('stands in for a check run that may not be made', async () => {
    const api = await githubWithPullRequest({ permissions });
    const outcome = await post(api);
    expect(states(outcome)).toMatchObject({ 'check-run': 'failed', status: 'set in place of the check run' });
    expect(api.state.statuses).toEqual([
      { sha: HEAD_SHA, state: 'failure', context: 'plugin-gate', text: report.headline },
    ]);
    expect(outcome.notice).toContain('"checks: write"');
    expect(api.state.complaints).toEqual([]);
  });

  it('is made neither beside a check run, nor for a fork, nor for what a pull request says of itself', async () => {
    const all = await githubWithPullRequest({ permissions: { ...ACTIONS_TOKEN.permissions, statuses: 'write' } });
    await post(all);
    const fork = await githubWithPullRequest({ permissions });
    await post(fork, { payload: pullRequestEvent(7, 'stranger/plugins') });
    const unproven = await githubWithPullRequest({ permissions });
    await post(unproven, { unproven: true });
    for (const api of [all, fork, unproven]) expect(api.state.statuses).toEqual([]);
  });

  it('is not missed when it may not be made either', async () => {
    const api = await githubWithPullRequest({ permissions: { 'pull-requests': 'write' } });
    const outcome = await post(api);
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'created' });
    expect(outcome.notice).not.toContain('statuses');
  });
});
