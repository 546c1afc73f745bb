import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { SILENT } from '../../src/gate/step.ts';
import { loadAgainst } from '../../src/loader/against.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load, rulesOf } from './support.ts';

const NOTHING = 'int entry(void) { return 0; }';

function compileCxx(directory: string, name: string, source: string): string {
  const input = join(directory, `${name}.cc`);
  const output = join(directory, `${name}.so`);
  writeFileSync(input, source);
  execFileSync('c++', ['-shared', '-fPIC', '-o', output, input], { stdio: 'pipe' });
  return output;
}

describeWith(['cc', 'c++'], 'what the dynamic linker says', () => {
  const directory = workspace();

  it('loads and unloads a plain plugin without a finding', async () => {
    const file = compileC(directory, 'plain', NOTHING);
    const outcome = await load(file, { symbols: ['entry'], probes: [{ symbol: 'entry', signature: 'int(void)' }] });
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence).toMatchObject({
      result: 'loaded',
      symbols: [{ name: 'entry', found: true, object: 'plain.so' }],
      probes: [{ symbol: 'entry', found: true, number: 0 }],
      unload: { closed: true, mapped: false },
      ending: { phase: 'exit', expected: true, how: 'exit', code: 0 },
      objects: [{ path: 'plain.so', phase: 'open' }],
    });
    expect(outcome.evidence.phases.map(({ phase }) => phase)).toEqual([
      'start',
      'open',
      'symbols',
      'probe',
      'close',
      'exit',
    ]);
  });

  it('names a missing symbol of the host', async () => {
    const file = compileC(directory, 'needs-host', 'extern int ngx_core; int entry(void) { return ngx_core; }');
    const { findings } = await load(file);
    expect(findings).toMatchObject([{ rule: 'load/failed', subject: 'ngx_core', symbol: 'ngx_core' }]);
    expect(findings[0]?.fix).toContain('plugin-gate fit HOST PLUGIN');
  });

  it('names a missing library, and finds it beside the plugin through $ORIGIN', async () => {
    const home = join(directory, 'bundle/plugins');
    const libraries = join(directory, 'bundle/lib');
    mkdirSync(home, { recursive: true });
    mkdirSync(libraries);
    compileC(libraries, 'libdep', 'int dep(void) { return 5; }', ['-Wl,-soname,libdep.so']);
    const file = compileC(home, 'needs', 'int dep(void); int entry(void) { return dep(); }', [
      `-L${libraries}`,
      '-ldep',
      '-Wl,-rpath,$ORIGIN/../lib',
    ]);
    const alone = await load(file);
    expect(alone.findings).toMatchObject([{ rule: 'load/failed', subject: 'libdep.so' }]);
    expect(alone.findings[0]?.message).toMatch(/^The library libdep\.so, .* was not found/);

    const together = await load(file, {
      directory: home,
      probes: [{ symbol: 'entry', signature: 'int(void)', expect: 5 }],
    });
    expect(rulesOf(together)).toEqual(['note load/library-place']);
    expect(together.evidence.objects.map(({ path }) => path.replace(/^.*\//, ''))).toEqual(
      expect.arrayContaining(['needs.so', 'libdep.so']),
    );
  });

  it('names a symbol version that the system does not have', async () => {
    const place = join(directory, 'versions');
    mkdirSync(place);
    writeFileSync(join(place, 'two.map'), 'V_1 { global: one; local: *; };\nV_2 { global: two; } V_1;\n');
    writeFileSync(join(place, 'one.map'), 'V_1 { global: one; local: *; };\n');
    const both = 'int one(void) { return 1; } int two(void) { return 2; }';
    compileC(place, 'libver', both, ['-Wl,-soname,libver.so', `-Wl,--version-script=${join(place, 'two.map')}`]);
    const file = compileC(place, 'user', 'int two(void); int entry(void) { return two(); }', [
      `-L${place}`,
      '-lver',
      '-Wl,-rpath,$ORIGIN',
    ]);
    compileC(place, 'old', 'int one(void) { return 1; }', [
      '-Wl,-soname,libver.so',
      `-Wl,--version-script=${join(place, 'one.map')}`,
    ]);
    renameSync(join(place, 'old.so'), join(place, 'libver.so'));
    const { findings } = await load(file, { directory: place });
    expect(findings).toMatchObject([
      {
        rule: 'load/failed',
        subject: 'V_2',
        message: expect.stringMatching(/^user\.so needs version V_2 of libver\.so/),
      },
    ]);
  });

  it('explains thread-local variables that do not fit', async () => {
    const source =
      '__thread char block[8192] __attribute__((tls_model("initial-exec"))); char *entry(void) { return block; }';
    const { findings } = await load(compileC(directory, 'tls', source));
    expect(findings).toMatchObject([{ rule: 'load/failed' }]);
    expect(findings[0]?.message).toMatch(/initial-exec/);
  });

  it('refuses a truncated file before it can crash, and a text file', async () => {
    const file = compileC(directory, 'whole', `${NOTHING} char block[100000] = {1};`);
    const bytes = readFileSync(file);
    const short = await load(file, { bytes: bytes.subarray(0, 60_000) });
    expect(rulesOf(short)).toEqual(['error load/failed']);
    expect(short.findings[0]?.message).toMatch(/shorter than its program headers say/);
    expect(short.evidence.result).toBe('not-run');

    const text = await load(file, { bytes: new TextEncoder().encode('#!/bin/sh\nexit 0\n') });
    expect(text.findings).toMatchObject([{ rule: 'load/failed', message: 'It is not an ELF file.' }]);
    const empty = await load(file, { bytes: new Uint8Array() });
    expect(empty.findings).toMatchObject([{ rule: 'load/failed' }]);
  });

  it('says why a library stays in memory', async () => {
    const cases = [
      [compileC(directory, 'nodelete', NOTHING, ['-Wl,-z,nodelete']), /DF_1_NODELETE/],
      [
        compileCxx(
          directory,
          'unique',
          'template <class T> struct S { static int n; }; template <class T> int S<T>::n = 0; int entry() { return ++S<int>::n; }',
        ),
        /unique symbols \(_ZN1SIiE1nE\)/,
      ],
      [
        compileCxx(
          directory,
          'local',
          'struct D { ~D(); int n = 1; }; D::~D() { n = 0; } thread_local D d; __attribute__((constructor)) static void begin() { d.n = 2; }',
        ),
        /thread-local objects/,
      ],
      // Of its own: libstdc++, which has unique symbols, is bound to the templates that the plugin has as well.
      [
        compileCxx(
          directory,
          'strings',
          '#include <string>\n#include <vector>\nstatic std::vector<std::string> names = {"a", "b"}; extern "C" int health() { return names.size() == 2 ? 0 : 1; }',
        ),
        /libstdc\+\+\.so\.6, which stays, was bound to symbols of it \(_Z/,
      ],
    ] as const;
    for (const [file, reason] of cases) {
      const outcome = await load(file);
      expect(rulesOf(outcome)).toEqual(['note load/not-unloaded']);
      expect(outcome.findings[0]?.message).toMatch(reason);
    }
  });

  it('loads what was hashed, not what the file holds now', async () => {
    const file = compileC(directory, 'first', NOTHING);
    const bytes = readFileSync(file);
    cpSync(compileC(directory, 'second', 'int other(void) { return 0; }'), file);
    const { findings } = await load(file, { bytes, symbols: ['entry'] });
    expect(findings).toEqual([]);
  });

  it.each([
    [
      'overwritten and put back',
      'chmod(path, 0700); int fd = open(path, O_RDWR); pwrite(fd, "x", 1, 0); pwrite(fd, "\\177", 1, 0); close(fd);',
    ],
    ['replaced and put back', 'rename(path, away); symlink("/dev/null", path); unlink(path); rename(away, path);'],
    ['given another name', 'link(path, away); unlink(away);'],
    [
      'taken away with its directory, and put back',
      '*strrchr(path, 47) = 0; snprintf(away, sizeof away, "%s.away", path); rename(path, away); rename(away, path);',
    ],
  ])('tells when the file that was verified is %s while it is loaded', async (title, body) => {
    // As another process of the same user could do it between the check and the load: only a profile that lets a plugin write.
    const source = `#define _GNU_SOURCE
      #include <dlfcn.h>\n#include <fcntl.h>\n#include <stdio.h>\n#include <string.h>\n#include <sys/stat.h>\n#include <unistd.h>
      __attribute__((constructor)) static void begin(void) {
        Dl_info info; char path[4096], away[4200]; dladdr((void *)begin, &info);
        snprintf(path, sizeof path, "%s", info.dli_fname); snprintf(away, sizeof away, "%s.away", path);
        ${body} }`;
    const file = compileC(directory, `moved-${title.length}`, source, ['-w']);
    const outcome = await load(file, { sandbox: { profile: 'audit' } });
    expect(rulesOf(outcome)).toContain('error load/file-changed');
  });

  it('loads the bytes that were verified while another process replaces the file over and over', async () => {
    const place = join(directory, 'race');
    mkdirSync(place);
    const good = compileC(place, 'good', 'int which(void) { return 1; }');
    const evil = compileC(place, 'evil', 'int which(void) { return 2; }');
    const target = join(place, 'target.so');
    cpSync(good, target);
    const bytes = readFileSync(target);
    const swapper = spawn(process.execPath, [
      '-e',
      `const { copyFileSync, renameSync } = require('node:fs'); const [good, evil, target] = process.argv.slice(1);
       for (let i = 0; ; i++) { copyFileSync(i % 2 ? good : evil, target + '.new'); renameSync(target + '.new', target); }`,
      good,
      evil,
      target,
    ]);
    try {
      for (let round = 0; round < 10; round++) {
        const { findings, evidence } = await load(target, {
          bytes,
          directory: place,
          probes: [{ symbol: 'which', signature: 'int(void)', expect: 1 }],
        });
        expect(findings).toEqual([]);
        expect(evidence.probes).toMatchObject([{ number: 1 }]);
      }
    } finally {
      swapper.kill('SIGKILL');
    }
  });

  it('gives the plugin none of our environment', async () => {
    process.env.PLUGIN_GATE_TEST_SECRET = 'hunter2';
    const file = compileC(
      directory,
      'environment',
      '#include <stdio.h>\nextern char **environ; __attribute__((constructor)) static void begin(void) { for (char **e = environ; *e; e++) puts(*e); fflush(stdout); }',
    );
    const { evidence } = await load(file, { environment: { GIVEN: 'yes' } });
    delete process.env.PLUGIN_GATE_TEST_SECRET;
    const names = evidence.output.stdout.text
      .trim()
      .split('\n')
      .map((line) => line.replace(/=.*/, ''));
    expect(names.sort()).toEqual(['GIVEN', 'HOME', 'LC_ALL', 'PATH', 'PLUGIN_GATE_LOAD', 'TMPDIR']);
  });
});

describeWith(['musl-gcc'], 'a plugin for musl', () => {
  const directory = workspace();

  it('is loaded by a loader for musl, which never unloads', async () => {
    const output = join(directory, 'musl.so');
    writeFileSync(join(directory, 'musl.c'), '#include <stdio.h>\nint entry(void) { return printf("hello\\n") < 0; }');
    execFileSync('musl-gcc', ['-shared', '-fPIC', '-o', output, join(directory, 'musl.c')]);
    const outcome = await load(output, { probes: [{ symbol: 'entry', signature: 'int(void)' }] });
    expect(outcome.evidence).toMatchObject({ result: 'loaded', loader: { libc: 'musl' }, probes: [{ number: 0 }] });
    expect(rulesOf(outcome)).toEqual(['note load/not-unloaded', 'note load/output']);
    expect(outcome.findings[0]?.message).toMatch(/musl never unloads/);
    expect(outcome.evidence.audit).toEqual({ linker: false, reason: 'musl has no audit interface' });

    const lacking = join(directory, 'lacking.so');
    writeFileSync(join(directory, 'lacking.c'), 'extern int host_value; int *entry(void) { return &host_value; }');
    execFileSync('musl-gcc', ['-shared', '-fPIC', '-o', lacking, join(directory, 'lacking.c')]);
    expect((await load(lacking)).findings).toMatchObject([{ rule: 'load/failed', symbol: 'host_value' }]);
  });

  it('that is opened under another name than the release before does nothing new by it', async () => {
    const [old, file] = ['musl-1.0.so', 'musl-1.1.so'].map((name) => join(directory, name));
    const source = join(directory, 'release.c');
    const body =
      '#include <stdlib.h>\nstatic void *kept; __attribute__((constructor)) static void begin(void) { kept = malloc(9); }\nint entry(void) { free(kept); return 0; }';
    writeFileSync(source, body);
    for (const output of [old, file]) execFileSync('musl-gcc', ['-shared', '-fPIC', '-o', output ?? '', source]);
    const [before, now] = [old, file].map((name) => ({ file: name ?? '', bytes: readFileSync(name ?? '') }));
    if (before === undefined || now === undefined) throw new Error('no files');
    const probes = [{ symbol: 'entry', signature: 'int(void)' }] as const;
    const { findings } = await loadAgainst({ ...now, probes }, before, SILENT);
    expect(findings.filter(({ rule }) => rule === 'load/new-behaviour')).toEqual([]);
  });
});
