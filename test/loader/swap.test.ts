import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SILENT } from '../../src/gate/step.ts';
import { loadAgainst } from '../../src/loader/against.ts';
import type { LoadRequest, Swap } from '../../src/loader/model.ts';
import { swapFindings } from '../../src/loader/swap-findings.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

/** Loads a release against the one before, with the probe `health`. */
async function against(old: string, file: string, more: Partial<LoadRequest> = {}) {
  return loadAgainst(
    { file, bytes: readFileSync(file), probes: [{ symbol: 'health', signature: 'int(void)' }], ...more },
    { file: old, bytes: readFileSync(old) },
    SILENT,
  );
}

const GOOD = 'int health(void) { return 0; }';
const HEAD = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
${GOOD}
__attribute__((constructor)) static void begin(void)`;

describeWith(['cc'], 'a hot swap', () => {
  const directory = workspace();
  let counter = 0;
  const compile = (source: string, flags: readonly string[] = []) => {
    counter += 1;
    return compileC(directory, `release${counter}`, source, ['-w', '-pthread', ...flags]);
  };

  it.each<[string, (file: string) => void, RegExp]>([
    ['is no ELF file', (file) => writeFileSync(file, '<html>404</html>'), /is not an ELF file/],
    [
      'was cut',
      (file) => writeFileSync(file, readFileSync(compile(GOOD)).subarray(0, 3000)),
      /shorter than its program headers say/,
    ],
    [
      'is for another machine',
      (file) => {
        const bytes = Buffer.from(readFileSync(compile(GOOD)));
        bytes.writeUInt16LE(bytes.readUInt16LE(18) === 183 ? 62 : 183, 18);
        writeFileSync(file, bytes);
      },
      /not made for this system/,
    ],
    [
      'crashes',
      (file) => writeFileSync(file, readFileSync(compile(`${HEAD} { __builtin_trap(); }`))),
      /crashed with SIG\w+/,
    ],
  ])('is undecided, and no fault of the new release, when the previous one %s', async (name, make, why) => {
    const old = join(directory, `${name.replaceAll(' ', '-')}.so`);
    make(old);
    const { findings, evidence } = await against(old, compile(GOOD));
    expect(evidence.result).toBe('loaded');
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'swap/not-rehearsed',
        severity: 'undecided',
        message: expect.stringMatching(why),
      }),
    ]);
  });

  it('goes through all acts: a caller is served all the while, and the previous release comes back', async () => {
    const { findings, evidence, summary } = await against(compile(GOOD), compile(GOOD));
    expect(findings).toEqual([]);
    expect(evidence.swap).toMatchObject({ ended: true, failed: 0, how: 'exit' });
    expect(evidence.swap?.acts.map(({ name }) => name)).toEqual([
      'open-old',
      'probe-old',
      'start-caller',
      'open-new',
      'probe-new',
      'refuse-new',
      'old-serves',
      'reopen-new',
      'reprobe-new',
      'switch',
      'roll-back',
      'stop-caller',
      'close-new',
      'reprobe-old',
      'close-old',
    ]);
    expect(evidence.swap?.acts.every(({ succeeded }) => succeeded)).toBe(true);
    expect(evidence.swap?.served.old).toBeGreaterThanOrEqual(100);
    expect(evidence.swap?.served.new).toBeGreaterThanOrEqual(50);
    expect(evidence.swap?.longestGapMs).toBeGreaterThan(0);
    expect(summary).toMatch(/swapped and rolled back under \d+ calls/);
  });

  it('does not switch to a release that is not healthy beside the other, which goes on serving', async () => {
    // Healthy alone; beside another release the variable is set already.
    const jealous = `#include <stdlib.h>
      static int mine;
      __attribute__((constructor)) static void begin(void) { if (!getenv("PLUGIN_SLOT")) { setenv("PLUGIN_SLOT", "1", 1); mine = 1; } }
      int health(void) { return mine ? 0 : 5; }`;
    const { findings, evidence } = await against(compile(jealous), compile(jealous));
    expect(findings).toMatchObject([{ rule: 'swap/new-unhealthy', subject: 'probe-new' }]);
    expect(findings[0]?.message).toContain('it returned 5');
    expect(evidence.swap).toMatchObject({ ended: true, failed: 0, served: { new: 0 } });
    expect(evidence.swap?.acts.find(({ name }) => name === 'old-serves')?.succeeded).toBe(true);
  });

  it('tells when the previous release is broken by the new one going away', async () => {
    const careful = '#include <stdlib.h>\nint health(void) { return getenv("PLUGIN_BROKEN") ? 7 : 0; }';
    const rude = `#include <stdlib.h>\n${GOOD}\n__attribute__((destructor)) static void end(void) { setenv("PLUGIN_BROKEN", "1", 1); }`;
    const { findings, evidence } = await against(compile(careful), compile(rude));
    expect(findings.map(({ rule }) => rule)).toEqual(['swap/rollback-failed', 'swap/calls-failed']);
    expect(evidence.swap?.failed).toBeGreaterThan(0);
  });

  it('tells when calls fail after the switch', async () => {
    const tiring = 'static int calls; int health(void) { return ++calls > 3 ? 1 : 0; }';
    const { findings } = await against(compile(GOOD), compile(tiring));
    expect(findings.map(({ rule }) => rule)).toEqual(['swap/calls-failed']);
  });

  it('tells in which act the process ended', async () => {
    const crashing = `#include <stdlib.h>\n${GOOD}
      __attribute__((constructor)) static void begin(void) { if (getenv("PLUGIN_OLD")) abort(); }`;
    const old = `#include <stdlib.h>\n${GOOD}\n__attribute__((constructor)) static void begin(void) { setenv("PLUGIN_OLD", "1", 1); }`;
    const { findings } = await against(compile(old), compile(crashing));
    expect(findings).toMatchObject([{ rule: 'swap/broke', subject: 'open-new' }]);
    expect(findings[0]?.message).toContain('SIGABRT');
  });

  it('is not rehearsed from a release that is not healthy', async () => {
    const { findings } = await against(compile('int health(void) { return 9; }'), compile(GOOD));
    expect(findings).toMatchObject([{ rule: 'swap/not-rehearsed', severity: 'undecided', subject: 'probe-old' }]);
  });

  /** A release whose code is in a library that it brings along, under a name that both releases use. */
  function withLibrary(release: string, version: number): string {
    const place = join(directory, release);
    mkdirSync(place);
    const library = `int health(void) { return 0; } int version(void) { return ${version}; }`;
    compileC(place, 'libgreet', library, ['-Wl,-soname,libgreet.so']);
    const flags = [`-L${place}`, '-Wl,--no-as-needed', '-lgreet', '-Wl,-rpath,$ORIGIN'];
    return compileC(place, 'greet', 'int version(void); int mine(void) { return version(); }', flags);
  }

  it('tells when the new release runs the library of the previous one: the dynamic linker goes by its soname', async () => {
    const [old, file] = [withLibrary('first', 1), withLibrary('second', 2)];
    const { findings, evidence } = await loadAgainst(
      {
        file,
        bytes: readFileSync(file),
        directory: dirname(file),
        probes: [{ symbol: 'health', signature: 'int(void)' }],
      },
      { file: old, bytes: readFileSync(old), directory: dirname(old) },
      SILENT,
    );
    expect(evidence.probes[0]?.object).toMatch(/second\/libgreet\.so$/);
    expect(findings.filter(({ rule }) => rule.startsWith('swap/'))).toMatchObject([
      { rule: 'swap/wrong-code', subject: 'probe-new' },
    ]);
    expect(findings.find(({ rule }) => rule === 'swap/wrong-code')?.message).toMatch(
      /^The probe that answered when the new release was probed beside the previous one is code of .*first\/libgreet\.so\.$/,
    );
  });

  it('takes a probe that lies in a library of the system for what it is', async () => {
    const release = (name: string): LoadRequest => {
      const file = compileC(directory, name, 'int wanted(void);', ['-Wl,--no-as-needed', '-lm', '-ldl']);
      return { file, bytes: readFileSync(file), probes: [{ symbol: 'getpid', signature: 'void(void)' }] };
    };
    const { findings, evidence } = await loadAgainst(release('two'), release('one'), SILENT);
    expect(evidence.probes[0]?.object).toMatch(/libc/);
    expect(evidence.swap?.ended).toBe(true);
    expect(findings).toEqual([]);
  });

  it('notes what stays in memory', async () => {
    const { findings } = await against(compile(GOOD, ['-Wl,-z,nodelete']), compile(GOOD));
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['swap/memory-kept', 'After dlclose, the previous release stays in memory.'],
    ]);
  });
});

describeWith(['cc'], 'what only the new release does', () => {
  const directory = workspace();
  let counter = 0;
  const compile = (body: string) => {
    counter += 1;
    return compileC(directory, `plugin${counter}`, `${HEAD} { ${body} }`, ['-w', '-pthread']);
  };
  const told = async (old: string, body: string) => {
    const { findings } = await against(compile(old), compile(body), { sandbox: { profile: 'audit' } });
    return findings.filter(({ rule }) => rule === 'load/new-behaviour').map(({ subject }) => subject);
  };

  it('comes first, before all other findings', async () => {
    const { findings } = await against(compile(''), compile('socket(AF_INET, SOCK_STREAM, 0);'));
    expect(findings.map(({ rule, subject }) => `${rule} ${subject}`)).toEqual([
      'load/new-behaviour socket inet',
      'load/denied-syscall socket inet',
    ]);
    expect(findings[0]?.message).toMatch(/asks for socket inet while it was being loaded/);
  });

  it('is told of by what it is about, the network before files', async () => {
    expect(await told('', 'close(open("/etc/passwd", O_RDONLY)); socket(AF_INET, SOCK_STREAM, 0);')).toEqual([
      'socket inet',
      'openat /etc/passwd',
    ]);
  });

  it('is nothing when both do the same', async () => {
    const body = 'close(open("/etc/passwd", O_RDONLY)); if (fork() == 0) _exit(0);';
    expect(await told(body, body)).toEqual([]);
    expect(await told(body, '')).toEqual([]);
  });

  it('counts threads and libraries', async () => {
    const old = compileC(directory, 'one', GOOD, []);
    const source = `#include <math.h>\n#include <pthread.h>\n#include <unistd.h>
      static void *wait_for_ever(void *x) { for (;;) pause(); return x; }
      __attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, 0, wait_for_ever, 0); }
      double use(double x) { return cos(x); }\n${GOOD}`;
    const now = compileC(directory, 'two', source, ['-w', '-pthread', '-Wl,--no-as-needed', '-lm', '-lutil']);
    const { findings, evidence } = await against(old, now);
    const subjects = findings.filter(({ rule }) => rule === 'load/new-behaviour').map(({ subject }) => subject);
    expect(subjects).toEqual(expect.arrayContaining(['threads', 'constructors']));
    expect(evidence.comparison?.newLibraries.some((name) => name.startsWith('libm'))).toBe(true);
  });

  it('tells of slower loading when it is slow twice, and not when it was slow once', async () => {
    const flag = join(directory, 'slow-once');
    const pair = async (body: string) => {
      const { findings, evidence } = await against(compile(''), compile(body), { sandbox: { profile: 'audit' } });
      return [findings.some(({ rule }) => rule === 'load/heavier'), evidence.comparison?.new.openMs ?? 0] as const;
    };
    const [told, always] = await pair('usleep(900000);');
    expect([told, always > 800]).toEqual([true, true]);
    writeFileSync(flag, '');
    const [chance, once] = await pair(`if (unlink("${flag}") == 0) usleep(900000);`);
    expect([chance, once < 800]).toEqual([false, true]);
  });

  it('is not judged against a release that cannot be loaded', async () => {
    const old = compileC(directory, 'lost', 'extern int nowhere(void); int health(void) { return nowhere(); }', []);
    const { findings, evidence } = await against(old, compile('socket(AF_INET, SOCK_STREAM, 0);'));
    expect(evidence.comparison?.result).toBe('refused');
    expect(findings.map(({ rule }) => rule)).toEqual(['load/denied-syscall', 'swap/not-rehearsed']);
  });
});

describe('the acts of a rehearsal', () => {
  const swap: Swap = { acts: [], served: { old: 1, new: 1 }, failed: 0, ended: true, how: 'exit' };
  const act = { succeeded: true, timeMs: 1 };

  it('name the file whose code answered for another', () => {
    const acts = [{ ...act, name: 'probe-new', foreign: 'old.so' }];
    expect(swapFindings({ ...swap, acts })).toMatchObject([{ rule: 'swap/wrong-code', subject: 'probe-new' }]);
  });

  it('name the act that was under way when the process ended', () => {
    const broke = (...names: readonly string[]) =>
      swapFindings({ ...swap, acts: names.map((name) => ({ ...act, name })), ended: false, how: 'timeout' })[0]
        ?.subject;
    expect([broke(), broke('open-old'), broke('open-old', 'probe-old')]).toEqual([
      'open-old',
      'probe-old',
      'start-caller',
    ]);
  });
});
