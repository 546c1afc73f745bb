import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { MISBEHAVING, type Misbehaving } from '../loader/misbehaving.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const NAME = process.arch === 'arm64' ? 'linux-arm64' : 'linux-amd64';
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];

/** As root in a container and as a user on a runner, other barriers hold: both ways are gone through. */
describeWith(['cc', 'setpriv'], 'the loader without privileges', () => {
  const directory = workspace();
  chmodSync(directory, 0o755);
  const loader = join(directory, 'plugin-gate-loader');
  cpSync(join(import.meta.dirname, '../../native/prebuilt', NAME, 'plugin-gate-loader'), loader);
  chmodSync(loader, 0o755);

  function run(name: Misbehaving, ...lines: readonly string[]): readonly Record<string, unknown>[] {
    const file = compileC(directory, name, MISBEHAVING[name], [
      '-w',
      '-pthread',
      `-I${join(import.meta.dirname, '../../native/loader')}`,
    ]);
    chmodSync(file, 0o755);
    const command = process.getuid?.() === 0 ? ['setpriv', ...NOBODY, loader] : [loader];
    const { output, status } = spawnSync(command[0] ?? '', command.slice(1), {
      input: ['plugin-gate-job 1', `file ${file}`, 'timeout open 1500', ...lines, 'end', ''].join('\n'),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, DAEMON_NAME: 'pg-nobody' },
      cwd: directory,
    });
    expect(status).toBe(0);
    const report = output[3]?.toString().trimEnd().split('\n') ?? [];
    return report.map((line) => JSON.parse(line));
  }
  const only = (events: readonly Record<string, unknown>[], name: string) =>
    events.filter(({ event }) => event === name);

  it.each([[[]], [['namespaces off']]])('comes to the same results %j', (lines) => {
    expect(only(run('exits', ...lines), 'ended')).toMatchObject([{ how: 'exit', expected: false }]);
    expect(only(run('hangs', ...lines), 'ended')).toMatchObject([{ how: 'timeout' }]);
    expect(only(run('crashes', ...lines), 'ended')).toMatchObject([{ how: 'signal', signal: 11 }]);
    expect(only(run('leavesDaemon', ...lines), 'leftover')).toMatchObject([{ name: 'pg-nobody' }]);
    expect(only(run('playsLoader', ...lines), 'state')).toMatchObject([
      { phase: 'start', position: 'expected' },
      { phase: 'open', position: 'elsewhere' },
      {},
    ]);
  });

  it('says so when a plugin makes its process unreadable', () => {
    const events = run('hides');
    expect(only(events, 'state')).toMatchObject([
      { phase: 'start', observed: true },
      { phase: 'open', observed: false, descriptors: -1 },
      { phase: 'close', observed: false },
    ]);
    expect(only(events, 'open')).toMatchObject([{ opened: true }]);
    expect(only(events, 'close')).toMatchObject([{ closed: true, mapped: false }]);
  });
});
