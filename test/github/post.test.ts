import { describe, expect, it } from '@jest/globals';
import { OUTAGE, secondaryLimit } from '../support/github-api/server.ts';
import { githubWithPullRequest, post, states, TOKEN } from './posting.ts';
import { pullRequestEvent, sampleFinding, sampleReport } from './sample-report.ts';

const PERMISSION_LINES = 'permissions:\n  contents: read\n  checks: write\n  pull-requests: write\n';

describe('posting a report', () => {
  it('names plugin-gate as user agent and asks only what GitHub describes', async () => {
    const api = await githubWithPullRequest();
    const outcome = await post(api);
    expect(outcome.notice).toBeUndefined();
    expect(states(outcome)).toEqual({ 'check-run': '1 annotations', comment: 'created' });
    expect(api.state.received.every(({ userAgent }) => userAgent.startsWith('plugin-gate/1.2.3 '))).toBe(true);
    expect(api.state.complaints).toEqual([]);
  });

  it('without "pull-requests: write" loses the comment alone and says which line to add', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'write', 'pull-requests': 'read' } });
    const outcome = await post(api);
    expect(states(outcome)).toEqual({ 'check-run': '1 annotations', comment: 'failed' });
    expect(outcome.notice).toContain('lacks the permission "pull-requests: write".');
    expect(outcome.notice).toContain(PERMISSION_LINES);
  });

  it('without "checks: write" loses the check run alone and says which line to add', async () => {
    const api = await githubWithPullRequest({ permissions: { 'pull-requests': 'write' } });
    const outcome = await post(api);
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'created' });
    expect(outcome.notice).toContain('lacks the permission "checks: write".');
    expect(outcome.notice).toContain(PERMISSION_LINES);
  });

  it('without any permission gives one notice for both', async () => {
    const api = await githubWithPullRequest({ permissions: {} });
    const outcome = await post(api);
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'failed' });
    expect(outcome.notice).toContain('lacks the permission "checks: write" and "pull-requests: write".');
    expect(outcome.notice).toContain(PERMISSION_LINES);
    expect(outcome.notice?.match(/Could not post/g)).toHaveLength(1);
  });

  it('does not send the author of a fork to change permissions that cannot be had', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'read', 'pull-requests': 'read' } });
    const outcome = await post(api, { payload: pullRequestEvent(7, 'stranger/plugins') });
    expect(outcome.notice).toMatch(/pull request from a fork may only read/);
    expect(outcome.notice).toMatch(/missing: "checks: write" and "pull-requests: write"/);
    expect(outcome.notice).not.toContain('permissions:\n');
  });

  it('tells a refused token from a missing permission, and a locked conversation from both', async () => {
    const api = await githubWithPullRequest();
    const refused = await post(api, { token: 'ghs_expired' });
    expect(refused.notice).toMatch(/does not accept the token \(401: Bad credentials\)/);
    api.state.lockedIssues.add(7);
    const locked = await post(api);
    expect(locked.notice).toMatch(/GitHub refused it \(403: Unable to create comment because issue is locked\.\)/);
  });

  it('waits out a secondary rate limit', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: 'issues/create-comment', times: 1, answer: secondaryLimit(0) });
    api.fail({ operation: 'checks/create', times: 2, answer: { ...secondaryLimit(0), status: 429 } });
    const outcome = await post(api);
    expect(outcome.notice).toBeUndefined();
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.checkRuns).toHaveLength(1);
  });

  it('does not wait longer than its budget', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: 'checks/create', answer: secondaryLimit(3600) });
    const outcome = await post(api, { comment: 'never' });
    expect(api.operations()).toEqual(['checks/create']);
    expect(outcome.notice).toMatch(/rate limit is used up/);
  });

  it('gives up on an outage after bounded attempts', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: '*', answer: OUTAGE });
    const outcome = await post(api);
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'failed' });
    expect(outcome.notice).toMatch(/Run the job again to post it/);
    expect(api.state.received.length).toBeLessThan(20);
  });

  it('keeps what GitHub has when it goes down half way', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: '*', after: 1, answer: 'drop' });
    const findings = Array.from({ length: 120 }, (_, i) => sampleFinding(i));
    const outcome = await post(api, { report: sampleReport(findings) });
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'failed' });
    expect(api.state.checkRuns[0]).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(api.state.checkRuns[0]?.annotations).toHaveLength(50);
    api.heal();
    expect((await post(api)).notice).toBeUndefined();
  });

  it('makes no second comment when the answer to the first was lost', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: 'issues/create-comment', times: 1, answer: OUTAGE, takesEffect: true });
    expect((await post(api)).notice).toBeUndefined();
    expect(api.state.comments).toHaveLength(1);
  });

  it('gives up on a request that is never answered', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: 'checks/create', answer: 'hang' });
    const client = { version: '1', log: () => {}, timeoutMs: 100, retry: { attempts: 2, pauseMs: 1, budgetMs: 1000 } };
    const outcome = await post(api, { comment: 'never', client });
    expect(states(outcome)).toMatchObject({ 'check-run': 'failed' });
  });

  it('ends when the time for everything is used up', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: '*', answer: 'hang' });
    const client = { version: '1', log: () => {}, timeoutMs: 50, retry: { attempts: 100, pauseMs: 1, budgetMs: 300 } };
    const outcome = await post(api, { client });
    expect(states(outcome)).toEqual({ 'check-run': 'failed', comment: 'failed' });
    expect(api.state.received.length).toBeLessThan(15);
  });

  it('asks for the permissions of what was wanted, and of nothing else', async () => {
    const api = await githubWithPullRequest({ permissions: {} });
    const outcome = await post(api, { checkRun: false });
    expect(outcome.notice).toContain('permissions:\n  contents: read\n  pull-requests: write\n');
    expect(outcome.notice).not.toContain('checks');
  });

  it('posts nothing without a token or a repository', async () => {
    const api = await githubWithPullRequest();
    expect(states(await post(api, { token: '' }))).toEqual({ 'check-run': 'skipped', comment: 'skipped' });
    expect(api.state.received).toEqual([]);
  });

  it('never shows the token', async () => {
    const api = await githubWithPullRequest({ permissions: {} });
    api.fail({ operation: 'graphql', times: 1, answer: 'drop' });
    const lines: string[] = [];
    const outcome = await post(api, { lines });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n') + JSON.stringify(outcome)).not.toContain(TOKEN);
  });
});
