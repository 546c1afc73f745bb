import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from '@jest/globals';
import type { LoadRequest } from '../../src/loader/model.ts';
import { describeWith, hasProgram } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import type { Misbehaving } from './misbehaving.ts';
import { AUDIT, hasNamespaces, load, misbehaving, rulesOf, survivors } from './support.ts';

interface Case {
  readonly plugin: Misbehaving;
  readonly rules: readonly string[];
  readonly result: string;
  readonly message: RegExp;
  readonly request?: Partial<LoadRequest>;
}

const SHORT = { timeouts: { open: 400, close: 400, probe: 400, exit: 400 } };

/** What each plugin must come to, with namespaces where the machine has them. */
const CASES: readonly Case[] = [
  { plugin: 'exits', rules: ['error load/exited'], result: 'exited', message: /exit code 0 while it was being loaded/ },
  { plugin: 'exitsAtOnce', rules: ['error load/exited'], result: 'exited', message: /exit code 3/ },
  { plugin: 'crashes', rules: ['error load/crashed'], result: 'crashed', message: /SIGSEGV .*in a constructor/ },
  { plugin: 'overflowsStack', rules: ['error load/crashed'], result: 'crashed', message: /SIGSEGV/ },
  { plugin: 'hangs', rules: ['error load/timeout'], result: 'timeout', message: /within 400 ms/, request: SHORT },
  { plugin: 'spins', rules: ['error load/timeout'], result: 'timeout', message: /within 400 ms/, request: SHORT },
  {
    plugin: 'spinsInHandler',
    rules: ['error load/timeout'],
    result: 'timeout',
    message: /within 400 ms/,
    request: SHORT,
  },
  {
    plugin: 'fillsDisk',
    rules: ['error load/denied-syscall'],
    result: 'loaded',
    message: /openat big .*O_WRONLY\|O_CREAT.* which the sandbox denies/,
  },
  // Where files may be written, none becomes larger than 64 MiB, and all lie in a directory that is removed.
  { plugin: 'fillsDisk', rules: ['error load/crashed'], result: 'crashed', message: /SIGXFSZ/, request: AUDIT },
  { plugin: 'stops', rules: ['error load/timeout'], result: 'stopped', message: /SIGSTOP/ },
  {
    plugin: 'killsGroup',
    request: AUDIT,
    rules: ['error load/crashed', 'warning load/other-process'],
    result: 'crashed',
    message: /SIGKILL/,
  },
  { plugin: 'crashesInResolver', rules: ['error load/crashed'], result: 'crashed', message: /before any constructor/ },
  {
    plugin: 'crashesInDestructor',
    rules: ['error load/crashed'],
    result: 'crashed',
    message: /SIGABRT .*being unloaded/,
  },
  {
    plugin: 'closesDescriptors',
    rules: ['error load/interfered'],
    result: 'interfered',
    message: /closed descriptors/,
  },
  {
    plugin: 'writesEverywhere',
    rules: ['error load/exited', 'error load/interfered', 'note load/output', 'note load/output'],
    result: 'interfered',
    message: /exit code 0/,
  },
  {
    plugin: 'floodsChannel',
    rules: ['error load/interfered'],
    result: 'interfered',
    message: /wrote \d+ times/,
    request: AUDIT,
  },
  { plugin: 'eatsMemory', rules: ['error load/crashed'], result: 'crashed', message: /SIGABRT/ },
  {
    plugin: 'changesFile',
    rules: ['error load/file-changed'],
    result: 'loaded',
    message: /changed or removed/,
    request: AUDIT,
  },
];

/** Containers and Ubuntu's AppArmor forbid process namespaces to users without privileges: then the second line must hold. */
const NAMESPACES = hasProgram('cc') && (await hasNamespaces());

describeWith(['cc'], 'plugins that misbehave', () => {
  const directory = workspace();

  for (const { plugin, rules, result, message, request } of CASES) {
    it(`${plugin}${request === AUDIT ? ' (audit)' : ''}: ${rules.join(', ')}`, async () => {
      const outcome = await load(misbehaving(directory, plugin), request);
      expect(rulesOf(outcome)).toEqual(rules);
      expect(outcome.evidence.result).toBe(result);
      expect(outcome.findings[0]?.message).toMatch(message);
    });
  }

  it('leaves no directory behind', async () => {
    const { evidence } = await load(misbehaving(directory, 'printsHome'));
    const home = evidence.output.stdout.text;
    expect(home).toMatch(/plugin-gate-load-.*\/scratch$/);
    expect(existsSync(dirname(home))).toBe(false);
  });

  for (const namespaces of [true, false]) {
    const where = namespaces ? 'in a namespace' : 'without namespaces';

    it(`ends a daemon ${where} and reports it`, async () => {
      const name = `pg-daemon-${namespaces ? 1 : 0}-${process.pid % 1000}`;
      const outcome = await load(misbehaving(directory, 'leavesDaemon'), {
        ...AUDIT,
        namespaces,
        environment: { DAEMON_NAME: name },
      });
      expect(rulesOf(outcome)).toEqual(['error load/leftover-process']);
      expect(outcome.evidence.leftovers.map((leftover) => leftover.name)).toEqual([name]);
      expect(await survivors(name)).toEqual([]);
    });

    it(`takes the other cases the same way ${where}`, async () => {
      const request = { namespaces, ...SHORT };
      const results = [];
      for (const plugin of ['exits', 'crashes', 'hangs', 'stops', 'closesDescriptors'] as const) {
        const { evidence } = await load(misbehaving(directory, plugin), request);
        expect(evidence.isolation?.processNamespace).toBe(namespaces && NAMESPACES);
        results.push(evidence.result);
      }
      expect(results).toEqual(['exited', 'crashed', 'timeout', 'stopped', 'interfered']);
    });
  }

  it('cannot be made to lose its supervisor in a namespace: the parent has no number there', async () => {
    const outcome = await load(misbehaving(directory, 'killsParent'), AUDIT);
    expect(rulesOf(outcome)).toEqual([
      NAMESPACES ? 'error load/crashed' : 'error load/supervisor-lost',
      'warning load/other-process',
    ]);
  });

  it('reports a killed supervisor without namespaces, and still ends the daemon', async () => {
    const name = `pg-orphan-${process.pid % 1000}`;
    const outcome = await load(misbehaving(directory, 'killsParentWithDaemon'), {
      ...AUDIT,
      namespaces: false,
      environment: { DAEMON_NAME: name },
    });
    expect(rulesOf(outcome)).toEqual(['error load/supervisor-lost', 'warning load/other-process']);
    expect(outcome.findings[0]?.message).toMatch(/while it was being loaded/);
    expect(await survivors(name)).toEqual([]);
  });

  it('sees through a plugin that plays the part of the loader', async () => {
    const outcome = await load(misbehaving(directory, 'playsLoader'), { ...SHORT, ...AUDIT });
    expect(outcome.evidence.states.find(({ phase }) => phase === 'open')?.position).toBe('elsewhere');
    expect(rulesOf(outcome)).toContain('error load/interfered');
    expect(outcome.findings.some(({ message }) => message.includes('flow of control'))).toBe(true);
  });

  it('cannot open the descriptors of other processes, and is seen to try', async () => {
    const outcome = await load(misbehaving(directory, 'writesToOthers'), AUDIT);
    expect(outcome.evidence.result).toBe('loaded');
    expect(outcome.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    if (outcome.evidence.isolation?.recorded) expect(rulesOf(outcome)).toEqual(['warning load/writes-file']);
  });

  it('keeps what is printed apart from events, and bounded', async () => {
    const commands = await load(misbehaving(directory, 'printsCommands'));
    expect(rulesOf(commands)).toEqual(['note load/output', 'note load/output']);
    expect(commands.evidence.output.stdout.text).toBe(
      '::error::owned\n::set-output name=verdict::pass\n\x1b[2Jclean\n',
    );
    expect(commands.evidence.output.stderr.text).toBe('{"event":"done"}\n');
    expect(commands.evidence.output.stdout.phases).toEqual([{ phase: 'open', bytes: 57 }]);

    const { evidence } = await load(misbehaving(directory, 'floods'));
    expect(evidence.result).toBe('loaded');
    expect(evidence.output.stdout).toMatchObject({ bytes: 160 * 65536, cut: true });
    expect(evidence.output.stdout.text).toHaveLength(65536);
  });
});
