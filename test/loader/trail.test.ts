import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readLinkerTrail } from '../../src/loader/linker-trail.ts';
import { renderTrail } from '../../src/loader/trail.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load } from './support.ts';

const PREBUILT = join(import.meta.dirname, '../../native/prebuilt');

describeWith(['cc'], 'the audit trail', () => {
  const directory = workspace();

  /** A plugin that needs `name`, which lies in the subdirectory `evil` that its RUNPATH names. */
  function withLibrary(name: string): string {
    const evil = join(directory, 'evil');
    mkdirSync(evil, { recursive: true });
    const library = compileC(directory, 'planted', 'int planted(void) { return 0; }', [`-Wl,-soname,${name}`]);
    execFileSync('cp', [library, join(evil, name)]);
    return compileC(
      directory,
      `needs-${name.replaceAll('.', '-')}`,
      'int planted(void); int entry(void) { return planted(); }',
      [join(evil, name), '-Wl,-rpath,$ORIGIN/evil', '-Wl,--no-as-needed'],
    );
  }

  it('has every path searched, file mapped, symbol looked up, thread and denied call, in order', async () => {
    const source = `#include <fcntl.h>\n#include <pthread.h>\nstatic void *work(void *x) { return x; }
      __attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); open("/etc/shadow", O_RDONLY); }
      int entry(void) { return 0; }`;
    const file = compileC(directory, 'watched', source, ['-w', '-pthread', '-Wl,--no-as-needed', '-lm']);
    const { evidence } = await load(file, { symbols: ['entry', 'missing'] });
    const { trail } = evidence;
    const kinds = trail.map(({ event, phase, name, found }) =>
      [event, phase, name, found].filter((x) => x !== undefined).join(' '),
    );
    for (const expected of [
      'search open openat true',
      'thread open clone',
      'symbol entry true',
      'symbol missing false',
    ]) {
      expect(kinds).toContain(expected);
    }
    expect(trail).toContainEqual(
      expect.objectContaining({ event: 'call', denied: true, detail: '/etc/shadow', object: 'watched.so' }),
    );
    expect(trail.find(({ event, path }) => event === 'object' && path === 'watched.so')?.handle).toBeGreaterThan(0);
    expect(trail.some(({ event, detail }) => event === 'search' && String(detail).includes('libm.so'))).toBe(true);
    const times = trail.map(({ time }) => time);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    const lines = renderTrail(trail).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(trail.map(({ event }) => event));
  });

  /** Of what the dynamic linker told, about the plugin itself. */
  function told(outcome: Awaited<ReturnType<typeof load>>) {
    return outcome.evidence.trail.filter(({ by }) => by === 'linker');
  }

  it('has what the dynamic linker told: searches, files, symbols with versions, constructors with times, unloading', async () => {
    const library = compileC(directory, 'libown', 'int own(void) { return 7; }', ['-Wl,-soname,libown.so']);
    const source = `#include <dlfcn.h>\n#include <stdlib.h>\n#include <unistd.h>\nint own(void);
      __attribute__((constructor)) static void slow(void) { usleep(30000); }
      __attribute__((constructor)) static void quick(void) { dlsym(RTLD_DEFAULT, "getpid"); }
      int entry(void) { return own() == 7 ? 0 : abs(1); }`;
    const file = compileC(directory, 'told', source, ['-O0', '-fno-builtin', library, '-Wl,-rpath,$ORIGIN']);
    const outcome = await load(file, { directory, symbols: ['entry'] });
    expect(outcome.evidence.audit).toEqual({ linker: true });
    const trail = told(outcome);
    expect(trail.find(({ path }) => path === 'told.so')).toMatchObject({ event: 'search', from: 'name' });
    const opened = trail.filter(({ event, initial }) => event === 'object' && initial === false);
    expect(opened.map(({ handle, path }) => [handle, String(path).replace(/^.*\//, '')])).toEqual([
      [1, 'told.so'],
      [2, 'libown.so'],
    ]);
    expect(trail).toContainEqual(
      expect.objectContaining({
        event: 'search',
        handle: 1,
        from: 'search path of the file',
        path: '$ORIGIN/libown.so',
      }),
    );
    expect(trail).toContainEqual(expect.objectContaining({ event: 'bind', handle: 1, name: 'own', definer: 2 }));
    const version = expect.stringMatching(/^GLIBC_2\.\d+(\.\d+)?$/);
    expect(trail).toContainEqual(expect.objectContaining({ event: 'bind', handle: 1, name: 'usleep', version }));
    expect(trail).toContainEqual(expect.objectContaining({ event: 'symbol', name: 'entry', definer: 1, found: true }));
    expect(trail).toContainEqual(expect.objectContaining({ event: 'symbol', handle: 1, name: 'getpid', version }));
    expect(trail.filter(({ event }) => event === 'closed').map(({ handle }) => handle)).toEqual([1, 2]);

    const constructors = outcome.evidence.constructors?.filter(({ object }) => object === 'told.so');
    expect(
      constructors?.map(({ function: name }) => name).filter((name) => name === 'slow' || name === 'quick'),
    ).toEqual(['slow', 'quick']);
    expect(constructors?.find((one) => one.function === 'slow')?.durationMs).toBeGreaterThanOrEqual(30);
    expect(constructors?.find((one) => one.function === 'quick')?.durationMs).toBeLessThan(30);
    // In its place among what was seen from outside.
    const order = outcome.evidence.trail.map(({ event, name, phase }) => `${event} ${name ?? phase ?? ''}`);
    expect(order.indexOf('begin open')).toBeLessThan(order.indexOf('constructor slow'));
    expect(order.indexOf('constructor slow')).toBeLessThan(order.indexOf('end open'));
  });

  it('tells of data and pointers to functions that a plugin takes from others', async () => {
    const source = `#include <stdio.h>
extern char **environ; extern int absent __attribute__((weak));
int (*say)(const char *) = puts;
char **entry(void) { return &absent ? 0 : environ; }
__attribute__((constructor)) static void begin(void) { say = puts; }`;
    const trail = told(await load(compileC(directory, 'pointers', source, ['-w'])));
    const library = trail.find(({ event, path }) => event === 'object' && /libc\.so/.test(String(path)))?.handle;
    for (const name of ['environ', 'puts']) {
      expect(trail).toContainEqual(expect.objectContaining({ event: 'bind', handle: 1, name, definer: library }));
    }
    expect(trail.some(({ name }) => name === 'absent')).toBe(false);
  });

  it('counts the symbols that libraries of the system bind, instead of naming thousands', async () => {
    const source = 'double cos(double); double entry(double x) { return cos(x); }';
    const file = compileC(directory, 'counted', source, ['-Wl,--no-as-needed', '-lm']);
    const outcome = await load(file);
    const trail = told(outcome);
    const library = trail.find(({ event, path }) => event === 'object' && /libm\.so/.test(String(path)))?.handle;
    expect(library).toBeGreaterThan(1);
    const counts = trail.filter(({ event, handle }) => event === 'binds' && handle === library);
    expect(counts.map(({ count }) => count)).toEqual([expect.any(Number)]);
    const users = trail.filter(({ event }) => event === 'bind').map(({ handle }) => handle);
    expect([...new Set(users)]).toEqual([1]);
  });

  it('names the constructor that did not return', async () => {
    const run = (name: string, body: string) =>
      load(
        compileC(
          directory,
          name,
          `#include <stdlib.h>\n#include <unistd.h>\n__attribute__((constructor)) static void stuck(void) { ${body} }`,
          ['-g'],
        ),
        {
          timeouts: { open: 400 },
        },
      );
    const hanging = await run('hanging', 'for (;;) pause();');
    expect(hanging.findings[0]?.message).toMatch(
      /^It did not come back within 400 ms .* in the constructor stuck \(.*hanging\.c:3\)\.$/,
    );
    expect(hanging.findings[0]?.location).toMatchObject({ line: 3 });
    const exiting = await run('exiting', '_exit(3);');
    expect(exiting.findings[0]?.message).toMatch(/exit code 3 .* in the constructor stuck \(/);
    expect(told(exiting)).toContainEqual(
      expect.objectContaining({ event: 'constructor', name: 'stuck', returned: false }),
    );
  });

  it('runs constructors as the dynamic linker does: DT_INIT, then the array, with the arguments of main', async () => {
    const source = `static int order[3], used; static char **seen;
      void first(int count, char **words, char **environment) { order[used++] = 1; seen = environment; }
      __attribute__((constructor(101))) static void second(void) { order[used++] = 2; }
      __attribute__((constructor(102))) static void third(int count, char **words, char **environment) { order[used++] = count == 1 && words[1] == 0 && environment == seen ? 3 : 9; }
      int entry(void) { return order[0] * 100 + order[1] * 10 + order[2]; }`;
    const file = compileC(directory, 'ordered', source, ['-w', '-Wl,-init,first']);
    const { findings } = await load(file, { probes: [{ symbol: 'entry', signature: 'int(void)', expect: 123 }] });
    expect(findings).toEqual([]);
  });

  it('does not change how much room there is for thread-local variables', async () => {
    // The largest block that fits differs between releases of glibc: found without the audit library, then asked for with it.
    const bare = join(directory, 'unaudited');
    cpSync(PREBUILT, bare, { recursive: true });
    writeFileSync(
      join(bare, 'SHA256SUMS'),
      readFileSync(join(PREBUILT, 'SHA256SUMS'), 'latin1').replace(/^.*audit\.so\n/gm, ''),
    );
    const fits = async (bytes: number, prebuilt?: string) => {
      const source = `__thread char block[${bytes}] __attribute__((tls_model("initial-exec"))); char *entry(void) { return block; }`;
      const { evidence } = await load(compileC(directory, 'tls', source), prebuilt === undefined ? {} : { prebuilt });
      return evidence.result === 'loaded';
    };
    let [most, least] = [512, 8192];
    expect([await fits(most, bare), await fits(least, bare)]).toEqual([true, false]);
    while (least - most > 8) {
      const middle = Math.floor((most + least) / 16) * 8;
      if (await fits(middle, bare)) most = middle;
      else least = middle;
    }
    expect([await fits(most), await fits(least)]).toEqual([true, false]);
  });

  it('takes what a hostile process wrote into the trail for what it is', () => {
    const file = join(directory, 'forged');
    const bytes = Buffer.alloc(4096);
    bytes.writeBigUInt64LE(0x31306c6961727470n, 0);
    bytes.writeBigUInt64LE(2n ** 63n, 8);
    bytes.writeUInt32LE(40, 24);
    bytes.writeUInt16LE(1, 28);
    bytes.write('/lib/x', 56, 'latin1');
    bytes.writeUInt32LE(0xfffffff8, 64);
    bytes.writeUInt16LE(3, 68);
    writeFileSync(file, bytes);
    expect(readLinkerTrail(file)?.records).toMatchObject([{ kind: 'search', text: '/lib/x' }]);
    writeFileSync(file, bytes.subarray(0, 20));
    expect(readLinkerTrail(file)).toBeUndefined();
    expect(readLinkerTrail(join(directory, 'nowhere'))).toBeUndefined();
  });

  it('shows a library that a search path plants in the place of a system library', async () => {
    const { findings, evidence } = await load(withLibrary('libutil.so.1'), { directory });
    expect(evidence.result).toBe('loaded');
    expect(findings).toMatchObject([{ rule: 'load/library-place', severity: 'warning', subject: 'libutil.so.1' }]);
    expect(findings[0]?.message).toMatch(
      /stands in for .*libutil\.so\.1 of the system \(search path of the plugin: \$ORIGIN\/evil\)/,
    );
  });

  it.each(['.', 'plugins', ''])(
    'tells of a library that is looked for in the working directory: search path "%s"',
    async (path) => {
      const library = compileC(directory, 'libcwd', 'int cwd(void) { return 0; }', ['-Wl,-soname,libcwd.so']);
      const file = compileC(directory, `cwd-${path.length}`, 'int cwd(void); int entry(void) { return cwd(); }', [
        library,
        `-Wl,-rpath,${path}:${directory}`,
      ]);
      const { findings } = await load(file);
      expect(findings.filter(({ rule }) => rule === 'load/library-place')).toMatchObject([
        { severity: 'note', subject: 'libcwd.so' },
        {
          severity: 'warning',
          subject: './libcwd.so',
          message: expect.stringContaining('in the working directory of the host'),
        },
      ]);
    },
  );

  it('notes a library of the plugin, and is silent about those of the system', async () => {
    const { findings } = await load(withLibrary('libmine.so.1'), { directory });
    expect(findings).toMatchObject([{ rule: 'load/library-place', severity: 'note', subject: 'libmine.so.1' }]);
    const plain = compileC(directory, 'plain', 'int entry(void) { return 0; }', ['-Wl,--no-as-needed', '-lm', '-ldl']);
    expect((await load(plain, { directory })).findings).toEqual([]);
  });
});
