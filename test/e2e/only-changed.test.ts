import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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

  it('asks for the commit to compare with', () => {
    expect(cli(['check', '--only-changed'], { cwd })).toMatchObject({ status: 2 });
  });
});
