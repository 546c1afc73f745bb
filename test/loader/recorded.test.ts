import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { callFindings } from '../../src/loader/call-findings.ts';
import type { LoadEvidence, RecordedCall } from '../../src/loader/model.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { load, misbehaving, rulesOf } from './support.ts';

describeWith(['cc'], 'recorded system calls', () => {
  const directory = workspace();

  it('tell what a plugin does by being loaded, and which function does it', async () => {
    const outside = join(directory, 'outside');
    const outcome = await load(misbehaving(directory, 'reachesOut'), {
      // With the network allowed, so that it can be told of.
      sandbox: { profile: 'audit', allow: [{ call: 'socket' }] },
      environment: { OUTSIDE: outside },
      probes: [{ symbol: 'asked', signature: 'int(void)' }],
    });
    const { calls, isolation } = outcome.evidence;
    expect(isolation?.recorded).toBe(true);
    expect(rulesOf(outcome)).toEqual([
      'warning load/starts-program',
      'warning load/network',
      'warning load/writes-file',
      'warning load/privileged-call',
    ]);
    expect(outcome.findings.map(({ message }) => message)).toEqual([
      'It starts programs without being asked: /bin/sh.',
      'It uses the network without being asked: 127.0.0.1:9.',
      `It writes files without being asked: ${outside}.`,
      'It makes system calls that change the process or the system: unshare.',
    ]);
    expect(outcome.findings[2]?.symbol).toBe('start_up');
    expect(calls).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ phase: 'open', name: 'openat', detail: '/etc/passwd', writes: false }),
        expect.objectContaining({
          phase: 'open',
          name: 'openat',
          detail: 'own-file',
          writes: true,
          function: 'start_up',
        }),
        expect.objectContaining({ phase: 'probe', name: 'connect', detail: '127.0.0.2:9' }),
      ]),
    );
  });

  it('do not slow down or break threads, and are cut when there are too many', async () => {
    const outcome = await load(misbehaving(directory, 'opensOften'));
    expect(outcome.evidence.result).toBe('loaded');
    // Those that read files are counted by themselves.
    expect(outcome.evidence.calls.filter(({ name }) => name === 'openat')).toHaveLength(1000);
    expect(outcome.evidence.calls.filter(({ name }) => name === 'clone')).toHaveLength(4);
    expect(outcome.evidence.callCount).toBeGreaterThan(8000);
  });
});

describe('what recorded calls mean', () => {
  const call = (more: Partial<RecordedCall>): RecordedCall => ({
    phase: 'open',
    name: 'openat',
    detail: '',
    writes: false,
    process: false,
    denied: false,
    ...more,
  });
  const nothing = { text: '', phases: [], bytes: 0, cut: false };
  const rules = (...calls: readonly RecordedCall[]) => {
    const evidence: LoadEvidence = {
      result: 'loaded',
      phases: [],
      objects: [],
      symbols: [],
      probes: [],
      states: [],
      calls,
      callCount: calls.length,
      deniedCount: 0,
      leftovers: [],
      trail: [],
      output: { stdout: nothing, stderr: nothing },
      durationMs: 1,
    };
    return callFindings(evidence).map(({ rule, subject }) => `${rule} ${subject}`);
  };

  it('stays silent about what every plugin does', () => {
    expect(
      rules(
        call({ detail: '/etc/ld.so.cache' }),
        call({ detail: '/usr/lib/libm.so.6' }),
        call({ detail: '/dev/null', writes: true }),
        call({ detail: '/dev/tty', writes: true }),
        call({ detail: '/proc/self/oom_score_adj', writes: true }),
        call({ detail: '$TMPDIR/cache', writes: true }),
        call({ detail: 'cache/file', writes: true }),
        call({ name: 'socket', detail: 'inet' }),
        call({ name: 'connect', detail: 'unix:/run/nscd/socket' }),
        call({ name: 'clone3', detail: 'thread' }),
        call({ phase: 'probe', name: 'connect', detail: '10.0.0.1:443' }),
        call({ phase: 'probe', detail: '/var/log/x', writes: true }),
      ),
    ).toEqual([]);
  });

  it('stays silent about signals to itself, objects that are removed again, and what is no secret', () => {
    expect(
      rules(
        call({ name: 'tgkill', detail: '4711', own: true }),
        call({ name: 'openat', detail: '/dev/shm/x', writes: true }),
        call({ name: 'unlink', detail: '/dev/shm/x', writes: true }),
        call({ name: 'mq_open', detail: 'queue' }),
        call({ name: 'mq_unlink', detail: 'queue' }),
        call({ name: 'shmget', detail: '0x0, 0x1000, 0x380' }),
        call({ name: 'shmctl', detail: '0x7, 0x0, 0x0' }),
        call({ name: 'shmget', detail: '0x1234, 0x1000, 0x0' }),
        call({ name: 'openat', detail: '/etc/passwd' }),
        call({ name: 'openat', detail: '/home/user/.ssh/id_rsa.pub' }),
        call({ name: 'openat', detail: '$TMPDIR/.netrc' }),
        call({ name: 'openat', detail: '/root/.netrc', found: false }),
      ),
    ).toEqual([]);
  });

  it('names signals to others, objects that stay, secrets by their real path, and files without a place', () => {
    expect(
      rules(
        call({ name: 'tgkill', detail: '1', own: false }),
        call({ name: 'openat', detail: '/dev/shm/x', writes: true }),
        call({ name: 'openat', detail: 'link', file: '/home/user/.ssh/id_ed25519', found: true }),
        call({ name: 'memfd_create', detail: 'hidden' }),
      ),
    ).toEqual([
      'load/other-process tgkill 1',
      'load/reads-secret /home/user/.ssh/id_ed25519',
      'load/writes-file hidden',
      'load/leaves-objects /dev/shm/x',
    ]);
    const made = ['shmget', 'semget'].map((name) => call({ name, detail: '0x5333, 0x1, 0x380' }));
    expect(rules(...made, call({ name: 'msgget', detail: '0x5333, 0x380, 0x0' }))).toEqual([
      'load/leaves-objects shared memory (shmget 0x5333)',
    ]);
  });

  it('speaks of what none should', () => {
    expect(
      rules(
        call({ detail: '../../escape', writes: true }),
        call({ name: 'bind', detail: '[::]:8080' }),
        call({ name: 'ptrace', detail: '16' }),
        call({ name: 'io_uring_setup' }),
      ),
    ).toEqual([
      'load/network [::]:8080',
      'load/writes-file ../../escape',
      'load/other-process ptrace 16',
      'load/privileged-call io_uring_setup',
    ]);
  });
});
