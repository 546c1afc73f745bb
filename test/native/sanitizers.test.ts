import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { MISBEHAVING, type Misbehaving } from '../loader/misbehaving.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Runs a loader on a job, with the report on descriptor 3. */
function runLoader(loader: string, job: string, environment: Readonly<Record<string, string>> = {}) {
  const { status, signal, output } = spawnSync(loader, [], {
    input: job,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const text = (descriptor: number) => output[descriptor]?.toString() ?? '';
  return { status, signal, stderr: text(2), report: text(3) };
}

describeWith(['cc'], 'the loader under AddressSanitizer and UndefinedBehaviorSanitizer', () => {
  const directory = workspace();
  const loader = join(directory, 'plugin-gate-loader');
  const quiet = {
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  };
  const compile = (name: Misbehaving) =>
    compileC(directory, name, MISBEHAVING[name], ['-w', '-pthread', `-I${join(ROOT, 'native/loader')}`]);
  const job = (file: string, ...lines: readonly string[]) =>
    `plugin-gate-job 1\nfile ${file}\nlimit address-space 0\ntimeout open 1500\n${lines.map((line) => `${line}\n`).join('')}end\n`;

  it('is clean on everything that plugins do to it', () => {
    execFileSync(join(ROOT, 'native/build.sh'), [loader], {
      env: { ...process.env, CFLAGS: '-fsanitize=address,undefined -fno-omit-frame-pointer -O1' },
    });
    const plain = compileC(directory, 'plain', 'int entry(void) { return 0; }');
    const text = join(directory, 'text.so');
    writeFileSync(text, 'hello');
    const probes = [
      'probe int healthy',
      'probe string named',
      'probe void nothing',
      'probe int absent',
      'symbol healthy',
    ];
    const runs: readonly (readonly [string, RegExp])[] = [
      [job(plain, 'symbol entry', 'symbol nothing', 'probe int entry'), /"expected":true,"how":"exit"/],
      [job(text), /"problem":"not-elf"/],
      [job('/nonexistent/plugin.so'), /"problem":"unreadable"/],
      [job(compile('probes'), ...probes), /"name":"absent".*"found":false/],
      [job(plain, 'profile c', 'read /', 'allow socket 0=1 1=1', 'symbol entry'), /"profile":"c".*"found":true/s],
      [job(plain, 'profile strict', 'read /', 'probe int entry'), /"event":"probe".*"number":0/],
      [job(compile('reachesOut'), 'profile c', 'read /'), /"name":"socket".*"denied":true/],
      [job(compile('killsGroup'), 'profile c', 'kill on', 'read /'), /"how":"denied"/],
      [job(plain, 'profile c', 'read /', 'cycles 5'), /"event":"cycle".*"round":10/],
      [job(plain, 'read /', `successor ${plain}`, 'probe int entry'), /"name":"close-old","succeeded":true/],
      [job(compile('exits')), /"expected":false,"how":"exit","code":0/],
      [job(compile('hangs')), /"how":"timeout"/],
      [job(compile('stops')), /"how":"stopped","signal":19/],
      [job(compile('floods')), /"cut":true/],
      [job(compile('closesDescriptors')), /"closed":true/],
      [job(compile('floodsChannel')), /"how":"interfered"/],
      [job(compile('leavesDaemon')), /"leftovers":1/],
      [job(compile('leavesDaemon'), 'namespaces off'), /"leftovers":1/],
    ];
    for (const [text, expected] of runs) {
      const { status, signal, stderr, report } = runLoader(loader, text, { ...quiet, DAEMON_NAME: 'pg-sanitized' });
      expect(stderr).not.toMatch(/Sanitizer|runtime error/);
      expect(report).toMatch(expected);
      expect(report.trimEnd().split('\n').at(-1)).toContain('"event":"done"');
      expect([status, signal]).toEqual([0, null]);
      for (const line of report.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    }
  });

  it.each([
    ['', /`plugin-gate-job 1`|`end` line/],
    ['something else\nend\n', /does not begin/],
    ['plugin-gate-job 1\nend\n', /names no file/],
    ['plugin-gate-job 1\nfile relative.so\nend\n', /absolute/],
    ['plugin-gate-job 1\nfile /a.so\n', /no `end`/],
    ['plugin-gate-job 1\nfile /a.so\nend', /cut off/],
    ['plugin-gate-job 1\nfile /a.so\nprobe long f\nend\n', /probe/],
    ['plugin-gate-job 1\nfile /a.so\ntimeout open 0\nend\n', /timeout/],
    ['plugin-gate-job 1\nfile /a.so\ntimeout open 99999999999999999999999\nend\n', /timeout/],
    ['plugin-gate-job 1\nfile /a.so\nlimit output -1\nend\n', /limit/],
    ['plugin-gate-job 1\nfile /a.so\nprofile lax\nend\n', /profile/],
    ['plugin-gate-job 1\nfile /a.so\nread relative\nend\n', /absolute/],
    ['plugin-gate-job 1\nfile /a.so\nwrite relative\nend\n', /absolute/],
    ['plugin-gate-job 1\nfile /a.so\nallow openat 6=1\nend\n', /permission/],
    ['plugin-gate-job 1\nfile /a.so\nallow openat 0=x\nend\n', /permission/],
    ['plugin-gate-job 1\nfile /a.so\nallow openat 0=1 0=1 0=1 0=1 0=1 0=1 0=1\nend\n', /permission/],
    ['plugin-gate-job 1\nfile /a.so\ncycles 100001\nend\n', /cycles/],
    ['plugin-gate-job 1\nfile /a.so\nexpect ten\nend\n', /expected/],
    ['plugin-gate-job 1\nfile /a.so\nsuccessor b.so\nend\n', /successor/],
    ['plugin-gate-job 1\nfile /a.so\nsuccessor /b.so\nend\n', /one probe/],
    ['plugin-gate-job 1\nfile /a.so\nunheard of\nend\n', /unknown word/],
    ['plugin-gate-job 1\nfile /a\0b.so\nend\n', /NUL/],
  ])('refuses the job %j', (text, problem) => {
    const { status, stderr, report } = runLoader(loader, text, quiet);
    expect(status).toBe(2);
    expect(stderr).toMatch(problem);
    expect(report).toBe('');
  });
});
