import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { SILENT } from '../../src/gate/step.ts';
import { loadAgainst } from '../../src/loader/against.ts';
import type { LoadRequest } from '../../src/loader/model.ts';
import { keptDirectory } from '../golang/kept-directory.ts';
import { describeWith } from '../support/needs.ts';
import { buildGoPlugin } from './go-plugin.ts';
import { AUDIT, load, rulesOf } from './support.ts';

const TIMEOUT = 120_000;
const PROBE = { symbol: 'Probe', signature: 'int(void)' } as const;
const DENIED = 'error load/denied-syscall';

describeWith(['go', 'gcc'], 'the sandbox of a Go plugin', () => {
  const directory = keptDirectory('go-sandbox');
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

  it(
    'leaves nothing of a process that it made where that is allowed, and tells of it',
    async () => {
      const outcome = await run('leave', AUDIT);
      expect(rulesOf(outcome)).toEqual(['error load/leftover-process']);
      expect(outcome.evidence.go?.process?.leftovers).toHaveLength(1);
    },
    TIMEOUT,
  );

  it(
    'is seen through when it plays the part of the host',
    async () => {
      const outcome = await run('play');
      expect(rulesOf(outcome)).toContain('error load/interfered');
      expect(outcome.findings.some(({ message }) => message.includes('flow of control'))).toBe(true);
    },
    TIMEOUT,
  );

  it(
    'is stopped when it tells lines without end in the place of the host',
    async () => {
      const { evidence } = await run('babble', { timeouts: { open: 20_000 } });
      expect(evidence.go?.result).toBe('interfered');
      expect(evidence.go?.process?.interference?.messages).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  it.each(['go', 'strict'] as const)(
    'may do what a Go plugin does, when it is loaded and when it is called: %s',
    async (profile) => {
      for (const deed of profile === 'go' ? ['honest', 'probe:honest'] : ['honest']) {
        const outcome = await run(deed, { sandbox: { profile } });
        expect([deed, outcome.findings]).toEqual([deed, []]);
        expect(outcome.evidence.go).toMatchObject({
          result: 'opened',
          probe: { number: 0 },
          process: { deniedCount: 0 },
        });
        expect(outcome.evidence.go?.process?.isolation).toMatchObject({ systemCalls: true, profile });
      }
    },
    TIMEOUT,
  );

  it(
    'may, under strict, call for memory, threads and timers in a probe, and for nothing else',
    async () => {
      const { findings, evidence } = await run('probe:honest', { sandbox: { profile: 'strict' } });
      expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['load/denied-syscall']));
      expect([...new Set(findings.map(({ subject }) => subject?.split(' ')[0]))].sort()).toEqual([
        'newfstatat',
        'openat',
      ]);
      expect(evidence.go).toMatchObject({ result: 'opened', probe: { number: 0 } });
    },
    TIMEOUT,
  );

  it(
    'may do what the configuration allows, and is ended at the first denied call in the mode kill',
    async () => {
      const allowed = await run('memfd', { sandbox: { allow: [{ call: 'memfd_create', arguments: { 1: 0 } }] } });
      expect(allowed.findings).toEqual([]);
      const killed = await run('shadow', { sandbox: { mode: 'kill' } });
      expect([killed.evidence.go?.result, ...rulesOf(killed)]).toEqual(['denied', DENIED]);
    },
    TIMEOUT,
  );

  it(
    'tells first what a new release does that the previous one did not',
    async () => {
      file ||= buildGoPlugin(directory);
      const next = buildGoPlugin(directory, 'next', [], 'func init() { readSecret(); go func() { select {} }() }\n');
      const outcome = await loadAgainst(
        { file: next, bytes: readFileSync(next), probes: [PROBE], toolEnvironment: process.env },
        { file, bytes: readFileSync(file) },
        SILENT,
      );
      expect(outcome.findings.slice(0, 2)).toMatchObject([
        {
          rule: 'load/new-behaviour',
          message: expect.stringMatching(/asks for openat \/etc\/shadow .*readSecret.*previous one did not/),
        },
        {
          rule: 'load/new-behaviour',
          message: expect.stringMatching(/leave 1 goroutines running, those of the previous left 0/),
        },
      ]);
      expect(outcome.findings.filter(({ rule }) => rule === 'load/new-behaviour')).toHaveLength(2);
      const same = await loadAgainst(
        {
          file,
          bytes: readFileSync(file),
          probes: [PROBE],
          toolEnvironment: process.env,
          environment: { PLUGIN_DEED: 'honest' },
        },
        { file, bytes: readFileSync(file) },
        SILENT,
      );
      expect(same.findings.filter(({ rule }) => rule === 'load/new-behaviour')).toEqual([]);
    },
    TIMEOUT,
  );
});
