import { describe, expect, it } from '@jest/globals';
import { cacheUse } from '../../src/action/cache-use.ts';
import { githubContext } from '../../src/github/context.ts';

const SHA = 'a'.repeat(40);

function use(event: string, ref: string, payload: unknown, release = false, checkedOut: string | undefined = SHA) {
  const env = { GITHUB_EVENT_NAME: event, GITHUB_REF: ref, GITHUB_REPOSITORY: 'octo/plugins', GITHUB_SHA: SHA };
  return cacheUse(githubContext(env, payload), release, checkedOut);
}

function pull(head: string) {
  const side = (name: string, ref: string) => ({ sha: SHA, ref, repo: { full_name: name } });
  return { pull_request: { number: 7, head: side(head, 'topic'), base: side('octo/plugins', 'main') } };
}

describe('whose results a run takes', () => {
  it('a pull request: its own and those of its base; it leaves results to itself alone', () => {
    expect(use('pull_request', 'refs/pull/7/merge', pull('octo/plugins'))).toEqual({
      read: ['octo/plugins refs/pull/7', 'octo/plugins refs/heads/main'],
      write: 'octo/plugins refs/pull/7',
    });
  });

  it('a push, a schedule and a run by hand: those of the branch', () => {
    for (const event of ['push', 'schedule', 'workflow_dispatch']) {
      expect(use(event, 'refs/heads/main', {})).toEqual({
        read: ['octo/plugins refs/heads/main'],
        write: 'octo/plugins refs/heads/main',
      });
    }
  });

  it('a merge queue: those of the branch; it leaves none', () => {
    const payload = { merge_group: { base_sha: SHA, head_sha: SHA, base_ref: 'refs/heads/main' } };
    const given = use('merge_group', 'refs/heads/gh-readonly-queue/main/pr-7', payload);
    expect(given.read).toEqual(['octo/plugins refs/heads/main']);
    expect(given.write).toBeUndefined();
    expect(given.reason).toMatch(/merge queue/);
    expect(use('merge_group', 'refs/heads/q', { merge_group: { base_sha: SHA, head_sha: SHA } }).read).toEqual([]);
  });

  it.each([
    ['a fork', use('pull_request', 'refs/pull/7/merge', pull('mallory/plugins'))],
    [
      'a fork that is gone',
      use('pull_request', 'refs/pull/7/merge', { pull_request: { number: 7, head: { sha: SHA }, base: { sha: SHA } } }),
    ],
    ['a pull request without number', use('pull_request', 'refs/pull/7/merge', {})],
    ['a tag', use('push', 'refs/tags/v1.0.0', {})],
    ['a run by hand on a tag', use('workflow_dispatch', 'refs/tags/v1.0.0', {})],
    ['a release', use('release', 'refs/tags/v1.0.0', { release: { tag_name: 'v1.0.0' } })],
    ['a run that is given the tag of a draft', use('workflow_dispatch', 'refs/heads/main', {}, true)],
    ['a comment', use('issue_comment', 'refs/heads/main', {})],
    ['pull_request_target', use('pull_request_target', 'refs/heads/main', pull('octo/plugins'))],
    ['workflow_run', use('workflow_run', 'refs/heads/main', {})],
    ['nothing that is known', use('', '', {})],
    ['a checkout of something else', use('workflow_dispatch', 'refs/heads/main', {}, false, 'b'.repeat(40))],
  ])('%s: none, and it leaves none', (_, given) => {
    expect(given).toEqual({ read: [], reason: expect.stringMatching(/^Nothing was reused: .*\.$/) });
  });
});
