import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { cli } from './run.ts';

const CONFIG = `version: 1
plugins:
  - { name: a, kind: elf, artifact: a.so, sources: [a/**], build: { command: [cc, -shared, -fPIC, -o, a.so, a/x.c] } }
unrelated: ['*.md']
baseline: { none: first release }
`;

describeWith(['cc', 'git'], 'check --only-changed', () => {
  const cwd = workspace();
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false', ...args],
      {
        cwd,
      },
    );
  const checked = () => {
    const { status, stderr } = cli(['check', '--base', 'HEAD~1', '--only-changed'], { cwd });
    const report = JSON.parse(readFileSync(join(cwd, 'plugin-gate-report', 'report.json'), 'utf8'));
    return {
      status,
      stderr,
      plugins: report.plugins.length,
      rules: report.findings.map((one: { rule: string }) => one.rule),
    };
  };
  writeTree(cwd, {
    'plugin-gate.yml': CONFIG,
    '.gitignore': '*.so\nplugin-gate-report/\n',
    'a/x.c': 'int a(void) { return 1; }\n',
  });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'one');

  it('leaves out what the change does not touch, and checks what it does', () => {
    writeFileSync(join(cwd, 'README.md'), 'words\n');
    git('add', '-A');
    git('commit', '-qm', 'two');
    expect(checked()).toEqual({ status: 0, stderr: '', plugins: 0, rules: ['gate/unchanged'] });
    writeFileSync(join(cwd, 'a', 'x.c'), 'int a(void) { return 2; }\n');
    git('commit', '-qam', 'three');
    expect(checked()).toEqual({ status: 0, stderr: '', plugins: 1, rules: ['baseline/none'] });
  });

  it('sees what was not committed, and files that git ignores where a plugin is taken as it is', () => {
    git('commit', '-q', '--allow-empty', '-m', 'four');
    expect(checked()).toMatchObject({ plugins: 0, rules: ['gate/unchanged'] });

    writeFileSync(join(cwd, 'a', 'x.c'), 'int a(void) { return 3; }\n');
    expect(checked()).toMatchObject({ plugins: 1, rules: ['baseline/none'] });
    git('checkout', '-q', 'a/x.c');
    writeFileSync(join(cwd, 'a', 'new.c'), '\n');
    expect(checked()).toMatchObject({ plugins: 1 });
    rmSync(join(cwd, 'a', 'new.c'));
    writeFileSync(join(cwd, 'stray.c'), '\n');
    expect(checked()).toMatchObject({ plugins: 1, rules: expect.arrayContaining(['baseline/none', 'gate/unchanged']) });
    rmSync(join(cwd, 'stray.c'));
    writeFileSync(join(cwd, 'unrelated.md'), '\n');
    expect(checked()).toMatchObject({ plugins: 0 });

    writeFileSync(join(cwd, 'plugin-gate.yml'), CONFIG.replace(/, build: .*\} \}/, ' }'));
    git('add', '-A');
    git('commit', '-qm', 'five');
    git('commit', '-q', '--allow-empty', '-m', 'six');
    expect(checked()).toMatchObject({ plugins: 1 });
  });

  it('asks for the commit to compare with', () => {
    expect(cli(['check', '--only-changed'], { cwd })).toMatchObject({ status: 2 });
  });
});
