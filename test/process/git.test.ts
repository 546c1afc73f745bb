import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { sourceState } from '../../src/process/git.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };

describeWith(['git'], 'sourceState', () => {
  const root = workspace();
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.org', ...args], {
      cwd: root,
      encoding: 'utf8',
    });

  it('knows the commit, and whether tracked files differ from it', async () => {
    expect(await sourceState(root, env)).toBeUndefined();
    writeTree(root, { 'a.c': 'one' });
    git('init', '-q');
    expect(await sourceState(root, env)).toBeUndefined();
    git('add', 'a.c');
    git('commit', '-q', '-m', 'first');
    const commit = git('rev-parse', 'HEAD').trim();
    expect(await sourceState(root, env)).toEqual({ commit, modified: false });
    writeFileSync(join(root, 'built.o'), '');
    expect(await sourceState(root, env)).toEqual({ commit, modified: false });
    writeFileSync(join(root, 'a.c'), 'two');
    expect(await sourceState(root, env)).toEqual({ commit, modified: true });
  });

  it('runs no program that the repository names', async () => {
    git('config', 'core.fsmonitor', 'touch planted');
    await sourceState(root, env);
    expect(existsSync(join(root, 'planted'))).toBe(false);
  });

  it('does without a directory', async () => {
    expect(await sourceState(join(root, 'nowhere'), env)).toBeUndefined();
  });
});
