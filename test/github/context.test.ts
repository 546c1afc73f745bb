import { describe, expect, it } from '@jest/globals';
import { githubContext } from '../../src/github/context.ts';
import { BASE_SHA, HEAD_SHA, MERGE_SHA, pullRequestEvent, runnerEnvironment } from './sample-report.ts';

const env = (name: string) => runnerEnvironment(name, 'https://ghe.example/api/v3/');

describe('the context of a workflow run', () => {
  it('takes the head of a pull request, not the merge commit of the run', () => {
    expect(githubContext(env('pull_request'), pullRequestEvent(7))).toEqual({
      kind: 'pull-request',
      eventName: 'pull_request',
      repository: { owner: 'octo', repo: 'plugins' },
      headSha: HEAD_SHA,
      runnerSha: MERGE_SHA,
      ref: 'refs/pull/7/merge',
      pullRequest: { number: 7, headSha: HEAD_SHA, baseSha: BASE_SHA, baseRef: 'main', fork: false },
      serverUrl: 'https://github.example',
      apiUrl: 'https://ghe.example/api/v3',
      runId: '4242',
      runAttempt: 1,
      runUrl: 'https://github.example/octo/plugins/actions/runs/4242',
    });
  });

  it('sees a fork, and treats a deleted head repository as one', () => {
    const fork = githubContext(env('pull_request'), pullRequestEvent(7, 'stranger/plugins'));
    expect(fork.pullRequest?.fork).toBe(true);
    const gone = { pull_request: { number: 7, head: { sha: HEAD_SHA, repo: null }, base: { sha: BASE_SHA } } };
    expect(githubContext(env('pull_request'), gone).pullRequest?.fork).toBe(true);
  });

  it('names push, tag, merge group, release and a re-run', () => {
    expect(githubContext(env('push'), {})).toMatchObject({ kind: 'push', headSha: MERGE_SHA });
    expect(githubContext({ ...env('push'), GITHUB_REF: 'refs/tags/v1.2.3' }, {}).kind).toBe('tag');
    const group = { merge_group: { head_sha: HEAD_SHA, base_sha: BASE_SHA } };
    expect(githubContext(env('merge_group'), group)).toMatchObject({ kind: 'merge-group', headSha: HEAD_SHA });
    const release = { release: { tag_name: 'v1.2.3', draft: true, prerelease: false } };
    expect(githubContext(env('release'), release).release).toEqual({ tag: 'v1.2.3', draft: true, prerelease: false });
    expect(githubContext({ ...env('push'), GITHUB_RUN_ATTEMPT: '3' }, {}).runAttempt).toBe(3);
  });

  it('takes nothing from a payload that is not what GitHub sends', () => {
    const hostile = { pull_request: { number: '7; rm', head: { sha: `${HEAD_SHA}\n`, repo: 'x' }, base: 7 } };
    const context = githubContext(
      { ...env('pull_request'), GITHUB_REPOSITORY: 'octo/../x', GITHUB_RUN_ID: '1/..' },
      hostile,
    );
    expect(context.pullRequest).toBeUndefined();
    expect(context.headSha).toBeUndefined();
    expect(context.repository).toBeUndefined();
    expect(context.runUrl).toBeUndefined();
    for (const event of [undefined, null, [], 'text', { pull_request: null }]) {
      expect(githubContext(env('pull_request'), event).pullRequest).toBeUndefined();
    }
  });

  it('works without a runner', () => {
    expect(githubContext({}, undefined)).toEqual({
      kind: 'other',
      eventName: '',
      serverUrl: 'https://github.com',
      apiUrl: 'https://api.github.com',
      runAttempt: 1,
    });
  });
});
