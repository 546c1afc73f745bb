import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parseTarget } from '../../src/elf/targets.ts';
import { librariesFor } from '../../src/fit/libraries.ts';
import { fitPlugin } from '../../src/fit/plugin.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

const directory = workspace();

function fitOn(target: string | undefined, file: string, root?: string) {
  const plugin = loadFile(file);
  const parsed = target === undefined ? undefined : parseTarget(target);
  const find = librariesFor(plugin.image, { target: parsed, root });
  const { loads, reasons } = fitPlugin(undefined, plugin, {
    find,
    ...(parsed === undefined ? {} : { target: parsed }),
  });
  return { loads, told: told(reasons) };
}

describeWith(['cc', 'musl-gcc'], 'Alpine as a target', () => {
  const musl = (name: string, source: string, flags: readonly string[] = []): string => {
    const file = join(directory, `${name}.so`);
    writeFileSync(join(directory, `${name}.c`), source);
    execFileSync('musl-gcc', ['-shared', '-fPIC', '-o', file, join(directory, `${name}.c`), ...flags]);
    return file;
  };
  const PRINTS =
    '#include <stdio.h>\n#include <pthread.h>\nint run(void) { return printf("%lu", (long)pthread_self()); }';
  const host = join(directory, 'musl-host');

  it('takes what is built for musl, which its loader opens', () => {
    const file = musl('for-musl', PRINTS);
    expect(fitOn('alpine:3.20', file)).toEqual({ loads: true, told: [] });
    writeFileSync(
      `${host}.c`,
      '#include <dlfcn.h>\nint main(int c, char **v) { (void)c; return dlopen(v[1], RTLD_NOW) ? 0 : 1; }',
    );
    execFileSync('musl-gcc', ['-o', host, `${host}.c`]);
    expect(spawnSync(host, [file]).status).toBe(0);
  });

  it('refuses what only glibc has, as musl does', () => {
    const file = compileC(
      directory,
      'traces',
      '#include <execinfo.h>\nint run(void) { void *a[3]; return backtrace(a, 3); }',
    );
    expect(fitOn('alpine:3.20', file)).toEqual({ loads: false, told: ['error dep/foreign-libc glibc'] });
    expect(spawnSync(host, [file]).status).toBe(1);
  });

  it('leaves open whether a file for glibc loads there', () => {
    const file = compileC(directory, 'for-glibc', PRINTS);
    expect(fitOn('alpine:3.20', file)).toEqual({ loads: 'undecided', told: ['undecided dep/foreign-libc glibc'] });
  });

  it('knows no other symbols, and no other libraries', () => {
    const lost = musl('lost', 'int nowhere(void); int run(void) { return nowhere(); }');
    expect(fitOn('alpine:3.20', lost)).toEqual({ loads: 'undecided', told: ['undecided fit/host-unknown undefined'] });
    musl('libz', 'int zed(void) { return 1; }', ['-Wl,-soname,libz.so.1']);
    const needs = musl('needs-z', 'int zed(void); int run(void) { return zed(); }', [`-L${directory}`, '-lz']);
    expect(fitOn('alpine:3.20', needs)).toEqual({
      loads: 'undecided',
      told: ['undecided fit/library-missing libz.so.1', 'undecided fit/symbol-undecided undefined'],
    });
  });

  it('is not a glibc system, and the other way round', () => {
    const file = musl('only-musl', PRINTS);
    expect(fitOn('debian:12', file).told).toContain('error dep/foreign-libc musl');
    expect(fitOn('debian:12', file).loads).toBe(false);
  });

  it('is known by its release only', () => {
    expect(() => parseTarget('alpine:2.1')).toThrow(/Known releases of alpine: 3\.16, /);
    expect(() => parseTarget('alpine:constructor')).toThrow(/is not known/);
    expect(parseTarget('alpine:3.22')).toMatchObject({ name: 'alpine:3.22', musl: '1.2.5' });
  });
});

describeWith(['cc'], 'floors of declared systems', () => {
  it.each([
    // pthread_create has GLIBC_2.34 where it was moved into libc.so.6.
    ['debian:11', 'pthread_create', '2.34', false],
    ['ubuntu:20.04', 'pthread_create', '2.34', false],
    ['rhel:8', 'pthread_create', '2.34', false],
    ['debian:12', 'pthread_create', '2.34', true],
    ['rhel:9', 'pthread_create', '2.34', true],
    ['debian:11', 'puts', '2.2.5', true],
  ])('%s: %s', (target, name, version, expected) => {
    const file = compileC(directory, `floor-${name}`, `int ${name}(void); int run(void) { return ${name}(); }`);
    const wants = loadFile(file).image.undefined.find((symbol) => symbol.name === name)?.version;
    expect(wants).toMatch(/^GLIBC_2\.\d/);
    // On a machine with an older glibc there is nothing to see.
    if (wants !== `GLIBC_${version}`) return;
    expect(fitOn(target, file)).toEqual({
      loads: expected,
      told: expected ? [] : ['error dep/floor-above-target GLIBC'],
    });
  });
});

describeWith(['cc'], 'a sysroot', () => {
  /** A system with the C library of this machine and a library of its own. */
  const root = join(directory, 'root');

  it('is where libraries are taken from, and nowhere else', () => {
    const libc = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib/aarch64-linux-gnu/libc.so.6', '/lib64/libc.so.6'].find(
      (file) => existsSync(file),
    );
    if (libc === undefined) throw new Error('there is no libc.so.6 in the usual places');
    const place = join(root, dirname(libc));
    mkdirSync(place, { recursive: true });
    copyFileSync(libc, join(place, 'libc.so.6'));
    const library = (name: string, source: string, to: string, script: string): void => {
      const map = join(directory, `${name}.map`);
      writeFileSync(map, script);
      const built = compileC(directory, name, source, ['-Wl,-soname,libown.so.1', `-Wl,--version-script=${map}`]);
      copyFileSync(built, to);
    };
    library(
      'new-own',
      'int a(void) { return 1; } int b(void) { return 2; }',
      join(directory, 'libown.so'),
      'V1 { a; }; V2 { b; };',
    );
    const plugin = compileC(directory, 'uses-own', 'int a(void); int b(void); int run(void) { return a() + b(); }', [
      `-L${directory}`,
      '-lown',
    ]);
    expect(fitOn(undefined, plugin, root).told).toEqual([
      'undecided fit/library-missing libown.so.1',
      'undecided fit/symbol-undecided undefined',
    ]);
    library('old-own', 'int a(void) { return 1; }', join(place, 'libown.so.1'), 'V1 { a; };');
    expect(fitOn(undefined, plugin, root)).toEqual({
      loads: false,
      told: ['error fit/version-missing libown.so.1 V2'],
    });
    copyFileSync(join(directory, 'libown.so'), join(place, 'libown.so.1'));
    expect(fitOn(undefined, plugin, root)).toEqual({ loads: true, told: [] });
  });
});

describeWith(['cc'], 'packed relocations', () => {
  it('need a C library that knows them, also in a file that names none', () => {
    const source = 'static int a; int *p = &a; int f(void) { return *p; }';
    const packed = ['-nostdlib', '-Wl,-z,pack-relative-relocs'];
    const alone = compileC(directory, 'packed-alone', source, packed);
    expect(fitOn('debian:11', alone)).toEqual({ loads: false, told: ['error dep/floor-above-target GLIBC'] });
    expect(fitOn('debian:12', alone)).toEqual({ loads: true, told: [] });
    const plain = compileC(directory, 'plain-alone', source, ['-nostdlib']);
    expect(fitOn('debian:11', plain)).toEqual({ loads: true, told: [] });
  });
});
