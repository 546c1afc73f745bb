import { expect, it } from '@jest/globals';
import type { LoadRequest } from '../../src/loader/model.ts';
import { keptDirectory } from '../golang/kept-directory.ts';
import { describeWith } from '../support/needs.ts';
import { buildGoPlugin } from './go-plugin.ts';
import { load, rulesOf } from './support.ts';

const TIMEOUT = 120_000;
const PROBE = { symbol: 'Probe', signature: 'int(void)' } as const;
const DENIED = 'error load/denied-syscall';

interface Case {
  readonly deed: string;
  readonly rules: readonly string[];
  readonly result: string;
  readonly message: RegExp;
  readonly request?: Partial<LoadRequest>;
}

const SHORT = { timeouts: { open: 700, probe: 700 } };
/** The first function of the plugin on the stack, and its line, though the file is stripped. */
const BY = (name: string, deed = 'deeds'): string =>
  `which the sandbox denies \\(called by plugin/unnamed-[0-9a-f]+\\.${name}, ${deed}\\.so\\+0x[0-9a-f]+, .*main\\.go:\\d+\\)\\.$`;

const CASES: readonly Case[] = [
  { deed: 'packet', rules: [DENIED], result: 'opened', message: new RegExp(`socket inet .*${BY('init\\.\\S+')}`) },
  {
    deed: 'shadow',
    rules: [DENIED],
    result: 'opened',
    message: new RegExp(`openat /etc/shadow .*${BY('readSecret')}`),
  },
  {
    deed: 'thread',
    rules: [DENIED],
    result: 'opened',
    message: new RegExp(`openat /etc/shadow .*${BY('readSecret')}`),
  },
  {
    deed: 'program',
    rules: [DENIED],
    result: 'opened',
    message: new RegExp(`clone process.*${BY('init\\.\\S+')}`),
  },
  { deed: 'become', rules: [DENIED], result: 'opened', message: /execve \/bin\/true / },
  { deed: 'again', rules: [DENIED], result: 'opened', message: /execve \/proc\/self\/exe / },
  { deed: 'leave', rules: [DENIED], result: 'opened', message: new RegExp(`clone process .*${BY('leave')}`) },
  { deed: 'parent', rules: [DENIED], result: 'opened', message: /kill \d+/ },
  { deed: 'exit', rules: ['error load/exited'], result: 'exited', message: /exit code 0 in plugin\.Open/ },
  {
    deed: 'crash',
    rules: ['error load/crashed'],
    result: 'crashed',
    message: /in plugin\.Open.*: panic: assignment to entry/,
  },
  {
    deed: 'fault',
    rules: ['error load/crashed'],
    result: 'crashed',
    message: /unexpected fault address|invalid memory/,
  },
  { deed: 'hang', rules: ['error load/timeout'], result: 'timeout', message: /within 700 ms/, request: SHORT },
  { deed: 'spin', rules: ['error load/timeout'], result: 'timeout', message: /within 700 ms/, request: SHORT },
  { deed: 'stop', rules: ['error load/timeout'], result: 'stopped', message: /stopped its own process with SIGSTOP/ },
  { deed: 'write', rules: ['error load/interfered'], result: 'interfered', message: /wrote \d+ times/ },
  { deed: 'close', rules: ['error load/interfered'], result: 'interfered', message: /closed descriptors/ },
  { deed: 'stdin', rules: ['error load/interfered'], result: 'opened', message: /closed standard input/ },
  {
    deed: 'patch',
    rules: ['error load/interfered'],
    result: 'opened',
    message: /Code of .*libc\S*, which is not the plugin's, was changed in memory/,
  },
  {
    deed: 'jit',
    rules: ['warning load/writable-code'],
    result: 'opened',
    message: /Memory that it mapped is writable/,
  },
  { deed: 'map', rules: [DENIED], result: 'opened', message: /mmap .*(107374182400|100 GiB|0x1900000000)/ },
  { deed: 'memory', rules: ['error load/crashed'], result: 'crashed', message: /out of memory|cannot allocate/ },
  { deed: 'disk', rules: [DENIED], result: 'opened', message: new RegExp(`openat big .*${BY('fillDisk')}`) },
  { deed: 'commands', rules: ['note load/output'], result: 'opened', message: /printed \d+ bytes to standard output/ },
  { deed: 'ring', rules: [DENIED], result: 'opened', message: /io_uring_setup/ },
  { deed: 'memfd', rules: [DENIED], result: 'opened', message: /memfd_create code/ },
  { deed: 'trace', rules: [DENIED], result: 'opened', message: /ptrace/ },
  { deed: 'limits', rules: [DENIED], result: 'opened', message: /prlimit64/ },
];

describeWith(['go', 'gcc'], 'Go plugins that misbehave, in the sandbox', () => {
  const directory = keptDirectory('hostile');
  let file = '';
  const run = (deed: string, more: Partial<LoadRequest> = {}) => {
    file ||= buildGoPlugin(directory);
    return load(file, {
      toolEnvironment: process.env,
      environment: { PLUGIN_DEED: deed },
      probes: [PROBE],
      ...more,
    });
  };

  it.each(CASES)(
    '$deed: $rules',
    async ({ deed, rules, result, message, request }) => {
      const outcome = await run(deed, request);
      expect(rulesOf(outcome)).toEqual(rules);
      expect(outcome.evidence.go?.result).toBe(result);
      expect(outcome.findings[0]?.message).toMatch(message);
      expect(outcome.evidence.go?.process?.leftovers).toEqual([]);
    },
    TIMEOUT,
  );
});
