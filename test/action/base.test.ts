import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { baseCommit, changeOf, type FilesOnGitHub } from '../../src/action/base.ts';
import { commitFilesOnGitHub } from '../../src/github/contents.ts';
import { githubContext } from '../../src/github/context.ts';
import { FAST, githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { BASE_SHA, HEAD_SHA, MERGE_SHA, runnerEnvironment } from '../github/sample-report.ts';
import type { GitHubApi } from '../support/github-api/server.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const directory = workspace();

function git(at: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: at, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** A branch that moved on, a pull request upon an older state of it, and the merge of both, as GitHub makes it. */
function merged() {
  const full = join(directory, 'full');
  mkdirSync(full);
  git(full, 'init', '-q', '-b', 'main');
  const commit = (name: string) => {
    writeFileSync(join(full, name), name);
    git(full, 'add', '-A');
    git(full, 'commit', '-q', '-m', name);
    return git(full, 'rev-parse', 'HEAD');
  };
  const old = commit('old');
  git(full, 'checkout', '-q', '-b', 'topic');
  const head = commit('topic');
  git(full, 'checkout', '-q', 'main');
  const now = commit('now');
  git(full, 'merge', '-q', '--no-ff', '-m', 'merge', 'topic');
  const merge = git(full, 'rev-parse', 'HEAD');
  const shallow = join(directory, 'shallow');
  git(directory, 'clone', '-q', '--depth=1', `file://${full}`, shallow);
  return { full, shallow, old, head, now, merge };
}

function pullRequest(head: string, base: string) {
  const repo = { full_name: 'octo/plugins' };
  return { pull_request: { number: 7, head: { sha: head, repo }, base: { sha: base, ref: 'main', repo } } };
}

const nobody: FilesOnGitHub = () => Promise.reject(new Error('GitHub is not asked'));

async function change(api: GitHubApi, token = TOKEN) {
  const options = { version: '1', token, log: () => {}, retry: FAST, timeoutMs: 2000, apiUrl: api.apiUrl };
  const onGitHub: FilesOnGitHub = async (repository, commit) => commitFilesOnGitHub(options, repository, commit);
  const context = githubContext(runnerEnvironment('pull_request', api.apiUrl), pullRequest(HEAD_SHA, BASE_SHA));
  return await changeOf(context, directory, process.env, token === '' ? undefined : onGitHub);
}

describeWith(['git'], 'the commit that a change is judged by', () => {
  const made = merged();
  const contextOf = (event: string, payload: unknown, sha = made.merge) =>
    githubContext({ ...runnerEnvironment(event, 'https://ghe.example'), GITHUB_SHA: sha }, payload);

  it('is what the merge commit was made on, not the base that the payload remembers', async () => {
    const context = contextOf('pull_request', pullRequest(made.head, made.old));
    expect(await baseCommit(context, made.full, process.env)).toBe(made.now);
    expect(await baseCommit(context, made.shallow, process.env)).toBe(made.now);
  });

  it('is that of the payload when something else is checked out', async () => {
    const other = contextOf('pull_request', pullRequest(made.head, made.old), MERGE_SHA);
    expect(await baseCommit(other, made.full, process.env)).toBe(made.old);
    const strange = contextOf('pull_request', pullRequest(HEAD_SHA, made.old));
    expect(await baseCommit(strange, made.full, process.env)).toBe(made.old);
  });

  it('of a merge group is what it is put upon', async () => {
    const context = contextOf('merge_group', { merge_group: { head_sha: made.merge, base_sha: made.now } });
    expect(await baseCommit(context, made.full, process.env)).toBe(made.now);
  });

  it('is none for a push, a tag and a release: they were reviewed', async () => {
    for (const event of ['push', 'release', 'workflow_dispatch', 'schedule']) {
      expect(await changeOf(contextOf(event, {}), made.full, process.env, nobody)).toBeUndefined();
    }
  });

  it('must be named where there has to be one', async () => {
    const api = await githubWithPullRequest();
    for (const event of ['pull_request', 'merge_group']) {
      const context = githubContext(runnerEnvironment(event, api.apiUrl), {});
      await expect(changeOf(context, made.full, process.env, nobody)).rejects.toThrow(/does not name the base/);
    }
  });
});

describeWith(['git'], 'files of a base that is not checked out', () => {
  it('come from GitHub', async () => {
    const api = await githubWithPullRequest();
    const large = Buffer.alloc(3 * 1024 * 1024, 7);
    api.state.files.set(BASE_SHA, { 'sub/plugin-gate.yml': Buffer.from('version: 1\n'), 'previous.so': large });
    const files = (await change(api))?.base;
    expect((await files?.read('sub/plugin-gate.yml', 1000))?.toString()).toBe('version: 1\n');
    expect((await files?.read('previous.so', 10_000_000))?.equals(large)).toBe(true);
    expect(await files?.read('missing', 1000)).toBeUndefined();
    await expect(files?.read('previous.so', 1000)).rejects.toThrow(/the limit is 1000/);
    expect(api.state.complaints).toEqual([]);
  });

  it('are not taken for missing when the token may not see them', async () => {
    const api = await githubWithPullRequest({ permissions: { contents: 'none' } });
    await expect((await change(api))?.base.read('plugin-gate.yml', 1000)).rejects.toThrow(/contents: read/);
  });

  it('are not taken for missing when the commit is not there', async () => {
    const api = await githubWithPullRequest();
    api.state.commits.delete(BASE_SHA);
    await expect((await change(api))?.base.read('plugin-gate.yml', 1000)).rejects.toThrow(/fetch-depth: 0/);
  });

  it('are asked for with a token only; the error has the lines to add', async () => {
    const api = await githubWithPullRequest();
    await expect(change(api, '')).rejects.toThrow(/fetch-depth: 0\n {6}persist-credentials: false/);
    expect(api.state.received).toEqual([]);
  });
});
