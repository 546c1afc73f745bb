import { describe, expect, it } from '@jest/globals';
import { byteLength } from '../../src/text/truncate.ts';
import { githubWithPullRequest, post, states } from './posting.ts';
import { sampleFinding, sampleReport } from './sample-report.ts';

const clean = sampleReport([]);

describe('the comment on a pull request', () => {
  it('is made once, left alone while unchanged, edited in place when the report changes', async () => {
    const api = await githubWithPullRequest();
    expect(states(await post(api))).toMatchObject({ comment: 'created' });
    expect(states(await post(api))).toMatchObject({ comment: 'unchanged' });
    expect(states(await post(api, { render: () => 'Another report.' }))).toMatchObject({ comment: 'updated' });
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.comments[0]).toMatchObject({ login: 'github-actions[bot]', edits: 1 });
    expect(api.state.comments[0]?.body).toMatch(
      /^<!-- plugin-gate:default -->\n<!-- plugin-gate-state:fail:[0-9a-f]{16} -->\nAnother report\.$/,
    );
    expect(api.state.complaints).toEqual([]);
  });

  it('turns to resolved when the gate passes, and says so until it fails again', async () => {
    const api = await githubWithPullRequest();
    await post(api);
    await post(api, { report: clean, render: () => 'All is well.' });
    expect(api.state.comments[0]?.body).toContain('**Resolved:**');
    await post(api, { report: clean, render: () => 'All is well again.' });
    expect(api.state.comments[0]?.body).toContain('**Resolved:**');
    await post(api);
    expect(api.state.comments[0]?.body).not.toContain('**Resolved:**');
  });

  it('is found behind hundreds of others', async () => {
    const api = await githubWithPullRequest();
    for (let id = 1; id <= 230; id += 1) {
      api.state.comments.push({ id, issue: 7, login: 'someone', type: 'User', body: `comment ${id}`, edits: 0 });
    }
    await post(api);
    expect(states(await post(api, { render: () => 'new' }))).toMatchObject({ comment: 'updated' });
    expect(api.state.comments).toHaveLength(231);
    const pages = api.state.received.filter(({ operation }) => operation === 'issues/list-comments');
    expect(pages.slice(0, 3).map(({ path }) => new URLSearchParams(path.split('?')[1]).get('page'))).toEqual([
      null,
      '2',
      '3',
    ]);
  });

  it('never edits what somebody else wrote, marker or not', async () => {
    const api = await githubWithPullRequest();
    const marker = '<!-- plugin-gate:default -->\nforged';
    api.state.comments.push({ id: 1, issue: 7, login: 'mallory', type: 'User', body: marker, edits: 0 });
    api.state.comments.push({ id: 2, issue: 7, login: 'other-app[bot]', type: 'Bot', body: marker, edits: 0 });
    expect(states(await post(api))).toMatchObject({ comment: 'created' });
    expect(api.state.comments.map(({ edits }) => edits)).toEqual([0, 0, 0]);
  });

  it('knows its own comments under the token of any app or person', async () => {
    for (const token of [
      { login: 'release-bot[bot]', type: 'Bot' as const },
      { login: 'Octocat', type: 'User' as const },
      { noGraphql: true },
    ]) {
      const api = await githubWithPullRequest(token);
      await post(api);
      expect(states(await post(api))).toMatchObject({ comment: 'unchanged' });
      expect(api.state.comments).toHaveLength(1);
    }
  });

  it('is one for each key', async () => {
    const api = await githubWithPullRequest();
    await post(api, { key: 'amd64' });
    await post(api, { key: 'arm64' });
    await post(api, { key: 'amd64' });
    expect(api.state.comments).toHaveLength(2);
    expect(new Set(api.state.checkRuns.map(({ name }) => name))).toEqual(
      new Set(['plugin-gate (amd64)', 'plugin-gate (arm64)']),
    );
  });

  it('stays below the limit, whatever the renderer gives', async () => {
    const api = await githubWithPullRequest();
    let asked = 0;
    await post(api, {
      render: (limit) => {
        asked = limit;
        return 'ü'.repeat(Math.floor(limit / 2));
      },
    });
    expect(asked).toBeLessThan(60_000);
    expect(byteLength(api.state.comments[0]?.body ?? '')).toBeLessThanOrEqual(60_000);
    expect(api.state.comments[0]?.body).toContain('üüü');
    await post(api, { render: () => 'x'.repeat(70_000) });
    expect(api.state.comments[0]?.body).toMatch(/too long for a comment: see the summary of the workflow run/);
  });

  it('follows the mode', async () => {
    const api = await githubWithPullRequest();
    const noted = sampleReport([sampleFinding(1, { severity: 'note', blocks: false })]);
    expect(states(await post(api, { comment: 'never' }))).toMatchObject({ comment: 'skipped' });
    expect(states(await post(api, { comment: 'on-failure', report: noted }))).toMatchObject({ comment: 'not-wanted' });
    expect(states(await post(api, { comment: 'on-change', report: clean }))).toMatchObject({ comment: 'not-wanted' });
    expect(api.state.comments).toHaveLength(0);
    expect(states(await post(api, { comment: 'on-change', report: noted }))).toMatchObject({ comment: 'created' });
    const other = { report: noted, render: () => 'other times' };
    expect(states(await post(api, { comment: 'on-change', ...other }))).toMatchObject({ comment: 'unchanged' });
    expect(states(await post(api, { comment: 'on-change' }))).toMatchObject({ comment: 'updated' });
  });
});
