import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { workflows } from './collect.ts';

/** All workflows as files of one repository, with our own configuration of the linters. */
const root = workspace();
const directory = join(root, '.github', 'workflows');
mkdirSync(directory, { recursive: true });
mkdirSync(join(root, '.git'));
for (const [name, text] of workflows) {
  const file = name.replaceAll(/[^\w.-]+/g, '-').replace(/(?:\.yml)?$/, '.yml');
  writeFileSync(join(directory, file), text);
}
cpSync('.github/zizmor.yml', join(root, '.github', 'zizmor.yml'));

describeWith(['actionlint'], 'actionlint', () => {
  it('finds nothing in any workflow, and something in a wrong one', () => {
    const lint = (...files: string[]) =>
      spawnSync('actionlint', ['-no-color', '-shellcheck=', '-pyflakes=', ...files], { cwd: root, encoding: 'utf8' });
    expect(lint().stdout).toBe('');
    expect(lint().status).toBe(0);
    const wrong = join(workspaceOfWrong, 'wrong.yml');
    writeFileSync(
      wrong,
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ nothing.here }}\n',
    );
    expect(lint(wrong).stdout).toContain('undefined variable "nothing"');
  });
});
const workspaceOfWrong = workspace();

describeWith(['zizmor'], 'zizmor', () => {
  it('finds nothing in any workflow, and something in a wrong one', () => {
    const audit = (target: string) =>
      spawnSync('zizmor', ['--offline', '--no-progress', '--color=never', '--format=plain', target], {
        cwd: root,
        encoding: 'utf8',
      });
    const all = audit(join(root, '.github'));
    expect(all.stdout).not.toMatch(/^(?:error|warning|help|info)\[/m);
    expect(all.status).toBe(0);
    const wrong = join(workspaceOfWrong, 'unsafe.yml');
    writeFileSync(
      wrong,
      'on: pull_request_target\npermissions: write-all\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo ${{ github.event.pull_request.title }}\n',
    );
    const { stdout, status } = audit(wrong);
    expect(stdout).toContain('error[dangerous-triggers]');
    expect(stdout).toContain('error[template-injection]');
    expect(status).not.toBe(0);
  });
});
