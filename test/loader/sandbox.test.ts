import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { missingLayers } from '../../src/loader/denied.ts';
import type { LoadEvidence } from '../../src/loader/model.ts';
import type { SandboxProfile } from '../../src/loader/sandbox.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import {
  ALLOWED,
  FORBIDDEN,
  FORBIDDEN_DESCRIPTORS,
  HEAD,
  INNOCENT,
  innocent,
  REFUSED,
  refused,
  STRICT,
} from './sandboxed.ts';
import { load, rulesOf } from './support.ts';

const EPERM = 1;

describeWith(['cc'], 'the profile strict', () => {
  const directory = workspace();
  const strict = { sandbox: { profile: 'strict' } } as const;
  const probe = (name: string) => ({ symbol: `do_${name}`, signature: 'int(void)' }) as const;

  it.each(ALLOWED)('allows %s on what it was given, after loading', async (name) => {
    const outcome = await load(compileC(directory, 'strict', STRICT), { ...strict, probes: [probe(name)] });
    expect(outcome.findings.filter(({ rule }) => rule !== 'load/output')).toEqual([]);
    expect(outcome.evidence).toMatchObject({ result: 'loaded', probes: [{ number: 0 }], deniedCount: 0 });
  });

  it('allows exit_group, by which a probe ends the process', async () => {
    const outcome = await load(compileC(directory, 'strict', STRICT), { ...strict, probes: [probe('exit_group')] });
    expect(outcome.evidence.ending).toMatchObject({ how: 'exit', code: 41, phase: 'probe' });
    expect(rulesOf(outcome)).toEqual(['error load/exited']);
  });

  it.each(FORBIDDEN)('denies %s after loading, and says who asked', async (name) => {
    const { findings, evidence } = await load(compileC(directory, 'strict', STRICT), {
      ...strict,
      probes: [{ ...probe(name), expect: EPERM }],
    });
    expect(findings).toMatchObject([
      { rule: 'load/denied-syscall', severity: 'error', symbol: `do_${name}`, subject: expect.stringContaining(name) },
    ]);
    expect(findings[0]?.message).toContain(`in the probe do_${name}()`);
    expect(evidence.probes).toMatchObject([{ number: EPERM }]);
  });

  it.each(FORBIDDEN_DESCRIPTORS)('denies %s on a descriptor that it made itself', async (name) => {
    const { findings } = await load(compileC(directory, 'strict', STRICT), {
      ...strict,
      probes: [{ ...probe(`${name}_other`), expect: EPERM }],
    });
    expect(findings).toMatchObject([{ rule: 'load/denied-syscall', subject: name }]);
  });

  it('ends the process at the first denied call in the mode kill', async () => {
    const outcome = await load(compileC(directory, 'strict', STRICT), {
      sandbox: { profile: 'strict', mode: 'kill' },
      probes: [probe('write'), probe('openat'), probe('read')],
    });
    expect(outcome.evidence.result).toBe('denied');
    expect(outcome.evidence.ending).toMatchObject({ how: 'denied', phase: 'probe', index: 1 });
    expect(rulesOf(outcome)).toContain('error load/denied-syscall');
  });

  it('allows what the configuration names, on its conditions', async () => {
    const file = compileC(directory, 'strict', STRICT);
    const run = async (values: Record<string, number>) => {
      const { evidence } = await load(file, {
        sandbox: { profile: 'strict', allow: [{ call: 'socket', arguments: values }] },
        probes: [probe('socket')],
      });
      return evidence.probes[0]?.number;
    };
    expect([await run({ 0: 1, 1: 1 }), await run({ 0: 2 })]).toEqual([0, EPERM]);
  });

  it('tells of a crash in a probe as any other profile', async () => {
    const file = compileC(directory, 'crash', 'int bad(void) { *(volatile int *)16 = 1; return 0; }');
    const outcome = await load(file, { ...strict, probes: [{ symbol: 'bad', signature: 'int(void)' }] });
    expect(rulesOf(outcome)).toEqual(['error load/crashed']);
    expect(outcome.findings[0]?.message).toMatch(/SIGSEGV .* in the probe bad\(\), in bad/);
  });
});

describeWith(['cc'], 'the profile c', () => {
  const directory = workspace();
  let counter = 0;
  const atStart = (body: string) => {
    counter += 1;
    return compileC(directory, `case${counter}`, refused(body), ['-w', '-pthread']);
  };

  it.each(REFUSED)('a constructor that %s is a finding that names it', async (_title, body, subject) => {
    const namespaced = await load(atStart(body));
    const expected = subject.startsWith('kill') && !namespaced.evidence.isolation?.processNamespace ? 'kill' : subject;
    expect(namespaced.findings).toMatchObject([
      { rule: 'load/denied-syscall', symbol: 'start_up', subject: expect.stringMatching(expected) },
    ]);
    expect(namespaced.evidence.result).toBe('loaded');
  });

  it.each(['record', 'kill'] as const)(
    'names function, line, arguments and phase of a denied call: mode %s',
    async (mode) => {
      const source = `${HEAD}static __attribute__((noinline)) int reach(void) {
  return socket(AF_INET, SOCK_DGRAM, 17); }
int health(void) {
  return reach() < 0 ? 0 : 1; }`;
      const line = source.split('\n').findIndex((text) => text.includes('SOCK_DGRAM')) + 1;
      const { findings, evidence } = await load(compileC(directory, `lines-${mode}`, source, ['-w', '-g', '-O1']), {
        sandbox: { mode },
        probes: [{ symbol: 'health', signature: 'int(void)' }],
      });
      expect(findings[0]).toMatchObject({
        rule: 'load/denied-syscall',
        subject: 'socket inet',
        symbol: 'reach',
        location: { file: expect.stringMatching(/lines-\w+\.c$/), line },
      });
      expect(findings[0]?.message).toMatch(
        /^It asked for socket inet \(family=AF_INET, type=SOCK_DGRAM, protocol=17\) in the probe health\(\), which the sandbox denies \(called by reach, lines-\w+\.so\+0x[0-9a-f]+, .*\.c:\d+\)\.$/,
      );
      expect(evidence.calls.find(({ denied }) => denied)).toMatchObject({
        phase: 'probe',
        index: 0,
        function: 'reach',
      });
      expect(evidence.result).toBe(mode === 'kill' ? 'denied' : 'loaded');
    },
  );

  it.each(INNOCENT)('stays silent about %s', async (_title, body) => {
    counter += 1;
    const { findings, evidence } = await load(
      compileC(directory, `quiet${counter}`, innocent(body), ['-w', '-pthread']),
    );
    expect([findings, evidence.result]).toEqual([[], 'loaded']);
  });

  it('lets a plugin read its own directory, and what the configuration names', async () => {
    const secret = workspaceFile('secret');
    writeFileSync(join(directory, 'greet.conf'), 'hello');
    const source = (path: string) =>
      `${HEAD}#include <dlfcn.h>\n__attribute__((constructor)) static void begin(void) { if (open("${path}", O_RDONLY) < 0) abort(); }`;
    const own = compileC(directory, 'own', source(join(directory, 'greet.conf')), ['-w']);
    expect((await load(own, { directory })).findings).toEqual([]);
    const other = compileC(directory, 'other', source(secret), ['-w']);
    expect(rulesOf(await load(other, { directory }))).toEqual(['error load/denied-syscall', 'error load/crashed']);
    expect((await load(other, { sandbox: { allow: [{ call: 'openat', path: secret }] } })).findings).toEqual([]);
  });
  const elsewhere = workspace();
  function workspaceFile(name: string): string {
    const file = join(elsewhere, name);
    writeFileSync(file, 'secret');
    return file;
  }

  it('has a barrier that a change of the path after the look does not pass', async () => {
    const secret = workspaceFile('guarded');
    const source = `${HEAD}
static char path[256]; static volatile int done;
static void *change(void *x) { while (!done) { strcpy(path, "${secret}"); strcpy(path, "/usr/lib/os-release"); } return x; }
int race(void) {
  pthread_t t; char text[16]; int stolen = 0;
  strcpy(path, "/usr/lib/os-release"); pthread_create(&t, 0, change, 0);
  for (int i = 0; i < 400; i++) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    if (read(fd, text, 6) == 6 && memcmp(text, "secret", 6) == 0) stolen++;
    close(fd);
  }
  done = 1; pthread_join(t, 0); return stolen;
}`;
    const { evidence, findings } = await load(compileC(directory, 'race', source, ['-w', '-pthread']), {
      probes: [{ symbol: 'race', signature: 'int(void)' }],
    });
    if (evidence.isolation?.files) expect(evidence.probes).toMatchObject([{ number: 0 }]);
    expect(findings.some(({ rule }) => rule === 'load/probe-failed')).toBe(evidence.isolation?.files === false);
  });

  it('kills calls of 32-bit and x32 programs', async () => {
    if (process.arch !== 'x64') return;
    for (const body of ['syscall(0x40000000 + 39);', '__asm__ volatile("int $0x80" : : "a"(20) : "memory");']) {
      const outcome = await load(atStart(body));
      expect(outcome.evidence.ending).toMatchObject({ how: 'signal', signal: 'SIGSYS' });
    }
  });
});

describeWith(['cc'], 'the profile audit', () => {
  const directory = workspace();

  it('denies what leaves the machine and records the rest', async () => {
    const source = `${HEAD}__attribute__((constructor)) static void begin(void) {
      socket(AF_INET, SOCK_STREAM, 0); syscall(425, 8, page); close(open("/etc/passwd", O_RDONLY)); if (fork() == 0) _exit(0); }`;
    const { findings, evidence } = await load(compileC(directory, 'audit', source, ['-w']), {
      sandbox: { profile: 'audit' },
    });
    expect(findings.map(({ subject }) => subject)).toEqual(['socket inet', 'io_uring_setup']);
    expect(
      evidence.calls.filter(({ object, denied }) => object !== undefined && !denied).map(({ detail }) => detail),
    ).toEqual(['/etc/passwd', 'process']);
  });
});

describe('layers that a system lacks', () => {
  const nothing = { text: '', phases: [], bytes: 0, cut: false };
  const missing = (profile: SandboxProfile, recorded: boolean, landlock: number) => {
    const evidence: LoadEvidence = {
      result: 'loaded',
      isolation: {
        recorded,
        landlock,
        profile,
        kill: false,
        processNamespace: false,
        userNamespace: false,
        systemCalls: recorded,
        files: landlock > 0,
      },
      phases: [],
      objects: [],
      symbols: [],
      probes: [],
      states: [],
      calls: [],
      callCount: 0,
      deniedCount: 0,
      leftovers: [],
      trail: [],
      output: { stdout: nothing, stderr: nothing },
      durationMs: 1,
    };
    return missingLayers(evidence).map(({ severity, subject }) => `${severity} ${subject}`);
  };

  it('are undecided when the profile relies on them', () => {
    expect(missing('c', true, 4)).toEqual([]);
    expect(missing('c', true, 0)).toEqual(['undecided landlock']);
    expect(missing('strict', false, 0)).toEqual(['undecided seccomp']);
    expect(missing('audit', true, 0)).toEqual([]);
    expect(missing('audit', false, 0)).toEqual(['undecided seccomp']);
  });
});
