import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { selectChanged } from '../../src/gate/changed.ts';
import { planJobs } from '../../src/gate/plan.ts';
import { runGate } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { commitId, gitCommitFiles } from '../../src/process/git-files.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const TEXT = `version: 1
plugins:
  - { name: a, kind: elf, artifact: a.so, sources: [a/**, common/**], headers: [include/*.h] }
  - { name: b, kind: elf, artifact: b.so, sources: [b/**, common/**] }
  - { name: c, kind: elf, artifact: c.so }
unrelated: [docs/**, '*.md']
baseline: { none: first release }
`;

const loaded = loadConfig('plugin-gate.yml', TEXT);
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
const { config } = loaded;

function select(changed: readonly string[] | undefined, below = '') {
  const { unchanged, unsure } = selectChanged({
    jobs: planJobs(config, 'linux/amd64'),
    config,
    below,
    shared: ['plugin-gate.yml', '.plugin-gate/waivers.yml'],
    own: new Map([['b', ['previous/b.so']]]),
    changed,
  });
  return [[...unchanged].sort().join(' '), unsure ?? ''];
}

describe('what a change leaves as it is', () => {
  it.each<[string, readonly string[] | undefined, string, RegExp]>([
    ['nothing changed', [], 'a b', /^$/],
    ['a source of one', ['a/x.c'], 'b', /^$/],
    ['a source of two', ['common/x.h'], '', /^$/],
    ['a public header', ['include/a.h'], 'b', /^$/],
    ['the previous release of one', ['previous/b.so'], 'a', /^$/],
    ['documentation', ['docs/deep/x.md', 'README.md'], 'a b', /^$/],
    ['documentation and a source', ['README.md', 'b/x.c'], 'a', /^$/],
    ['a path that nobody names', ['a/x.c', 'Makefile'], '', /^Makefile changed, and no plugin names it/],
    ['a pattern of one directory does not reach deeper', ['sub/README.md'], '', /^sub\/README\.md changed/],
    ['the configuration', ['plugin-gate.yml'], '', /^plugin-gate\.yml changed, which is about all/],
    ['the waivers', ['.plugin-gate/waivers.yml'], '', /waivers\.yml changed/],
    ['what git cannot tell', undefined, '', /^git cannot tell/],
  ])('%s', (_name, changed, unchanged, unsure) => {
    expect(select(changed)).toEqual([unchanged, expect.stringMatching(unsure)]);
  });

  it('takes paths from the directory of the configuration', () => {
    expect(select(['plugins/a/x.c'], 'plugins')).toEqual(['b', '']);
    expect(select(['a/x.c'], 'plugins')[1]).toMatch(/^a\/x\.c changed, and no plugin names it/);
  });
});

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8' }).trim();
}

describeWith(['cc', 'git'], 'the gate, asked for what a change touches', () => {
  const root = workspace();
  const build = (name: string) => `build: { command: [cc, -shared, -fPIC, -o, ${name}.so, ${name}/x.c] }, `;
  const text = TEXT.replaceAll(/artifact: (\w)\.so/g, (all, name: string) => `${build(name)}${all}`);
  writeTree(root, { 'plugin-gate.yml': text, '.gitignore': '*.so\n', 'include/a.h': '' });
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'x.c'), `int ${name}(void) { return 1; }\n`);
  }
  git(root, 'init', '-q', '-b', 'main');
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', 'one');
  const base = git(root, 'rev-parse', 'HEAD');

  async function gate(onlyChanged: boolean) {
    const files = async (name: string) => {
      const commit = (await commitId(root, name, process.env)) ?? '';
      return await gitCommitFiles(root, commit, process.env);
    };
    const [from, head] = [await files(base), await files('HEAD')];
    const { report } = await runGate({
      configFile: 'plugin-gate.yml',
      directory: root,
      environment: process.env,
      progress: SILENT,
      version: '0.0.0',
      now: new Date(),
      onlyChanged,
      ...(from && { base: from }),
      ...(head && { head }),
    });
    const told = report.findings.filter(({ rule }) => rule === 'gate/unchanged');
    return { checked: report.plugins.map(({ plugin }) => plugin), told: told.map(({ message }) => message) };
  }

  it('leaves out what it does not touch, and says so', async () => {
    writeFileSync(join(root, 'a', 'x.c'), 'int a(void) { return 2; }\n');
    git(root, 'commit', '-qam', 'two');
    expect(await gate(true)).toEqual({
      checked: ['a', 'c'],
      told: [`b was not checked: nothing that it is made of changed since ${base.slice(0, 12)}.`],
    });
    expect((await gate(false)).checked).toEqual(['a', 'b', 'c']);
  });

  it('is not fooled by a change that calls its own paths unrelated', async () => {
    const relaxed = readFileSync(join(root, 'plugin-gate.yml'), 'utf8').replace('unrelated: [', "unrelated: ['**', ");
    writeFileSync(join(root, 'plugin-gate.yml'), relaxed);
    git(root, 'commit', '-qam', 'three');
    const { checked, told } = await gate(true);
    expect(checked).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([expect.stringContaining('plugin-gate.yml changed')]);
  });
});
