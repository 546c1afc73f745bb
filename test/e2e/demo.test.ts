import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { workspace } from '../support/workspace.ts';
import { cli, ROOT } from './run.ts';

const root = workspace();
const clone = join(root, 'clone');
// What a stranger gets: the committed files, without node_modules and without anything that was built here.
execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]);

function demo(args: readonly string[], path = process.env.PATH): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'demo', ...args], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
  });
  return { status, stdout: stdout + stderr };
}

describe('npm run demo, in a fresh clone', () => {
  it('shows a release that passes', () => {
    const { status, stdout } = demo([]);
    expect(stdout).toContain('✓ PASS');
    expect(stdout).toContain('compatible with');
    expect(status).toBe(0);
  });

  it('shows a release that is blocked, with the reasons', () => {
    const { status, stdout } = demo(['--', 'breaking']);
    expect(status).toBe(1);
    for (const rule of [
      'sym/removed',
      'abi/struct-size-changed',
      'sym/version-removed',
      'hard/executable-stack',
      'load/probe-failed',
    ]) {
      expect(stdout).toContain(rule);
    }
  });

  it('takes the prebuilt files where there is no compiler, and says so', () => {
    const bin = join(root, 'bin');
    // A PATH with Node, npm and a shell, and nothing to compile with.
    execFileSync('sh', [
      '-c',
      `mkdir -p ${bin}; for p in sh env uname sed dirname; do ln -s "$(command -v $p)" ${bin}/$p; done`,
    ]);
    execFileSync('sh', ['-c', `ln -s "${process.execPath}" ${bin}/node; ln -s "$(command -v npm)" ${bin}/npm`]);
    const { status, stdout } = demo([], bin);
    expect(stdout).toContain('no C compiler');
    expect(stdout).toContain('✓ PASS');
    expect(status).toBe(0);
  });
});

describe('the command line on the oldest Node', () => {
  const node = process.env.PLUGIN_GATE_NODE_20 ?? '';
  const test = node === '' ? it.skip : it;
  test(`runs on Node 20${node === '' ? ' [skipped: PLUGIN_GATE_NODE_20 names none]' : ''}`, () => {
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(/^v20\./);
    const cwd = join(ROOT, 'examples', 'quickstart');
    const passing = cli(['check', '--config', 'prebuilt.yml', '--no-report', '--format', 'json'], { cwd, node });
    expect(JSON.parse(passing.stdout).verdict).toBe('pass');
    expect(passing.status).toBe(0);
    for (const args of [
      ['inspect', 'prebuilt/amd64/greet.so'],
      ['explain', 'sym/removed'],
      ['init', '--stdout'],
    ]) {
      expect(cli(args, { cwd, node }).status).toBe(0);
    }
    const breaking = cli(['diff', 'previous/amd64/greet.so', 'prebuilt/amd64/breaking/greet.so'], { cwd, node });
    expect(breaking.status).toBe(1);
  });
});
