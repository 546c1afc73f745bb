import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { elfFindings } from '../../src/elf/findings.ts';
import { readElf } from '../../src/elf/read.ts';
import { searchPathEntries } from '../../src/elf/search-path.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const HARDENED = [
  '-O2',
  '-fstack-protector-strong',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,relro,-z,now',
  '-Wl,-z,noexecstack',
];
const PLAIN = 'int answer(void) { return 42; }';

function findingsOf(file: string): readonly Finding[] {
  return elfFindings(readElf(readFileSync(file)));
}

function rulesOf(file: string): readonly string[] {
  return findingsOf(file).map(({ rule }) => rule);
}

describeWith(['cc'], 'hardening', () => {
  const directory = workspace();
  let built = 0;
  const build = (source: string, ...flags: string[]): string => compileC(directory, `p${built++}`, source, flags);

  it('has nothing to say of a hardened plugin', () => {
    const source = '#include <stdio.h>\nvoid hello(const char *n) { char b[64]; snprintf(b, 64, "%s", n); puts(b); }';
    expect(findingsOf(build(source, ...HARDENED))).toEqual([]);
  });

  it('has nothing to say of plugins in which there is nothing to protect', () => {
    expect(rulesOf(build(PLAIN, '-Wl,-z,relro,-z,now'))).toEqual([]);
    expect(rulesOf(build('int number = 1;', '-Wl,-z,relro,-z,now'))).toEqual([]);
    // memcpy, puts and malloc need neither a canary nor a checked variant.
    const heap = `#include <stdlib.h>\n#include <string.h>\n#include <stdio.h>
      char *copy(const char *s, size_t n) { char *p = malloc(n); memcpy(p, s, n); puts(p); return p; }`;
    expect(rulesOf(build(heap, '-O2', '-fno-stack-protector', '-Wl,-z,relro,-z,now'))).toEqual([]);
    // Hardened, but on the heap: no buffer to guard, no size to check.
    const unknown = '#include <string.h>\nvoid put(char *to, const char *s) { strcpy(to, s); strcat(to, s); }';
    expect(rulesOf(build(unknown, ...HARDENED))).toEqual([]);
    // No relocations at all: nothing for RELRO to protect.
    expect(rulesOf(build(PLAIN, '-nostdlib', '-Wl,-z,norelro'))).toEqual([]);
  });

  it('sees an executable stack, asked for or by a missing mark', () => {
    expect(rulesOf(build(PLAIN, ...HARDENED, '-Wl,-z,execstack'))).toEqual(['hard/executable-stack']);
    const unmarked = build(PLAIN, ...HARDENED);
    const bytes = new Uint8Array(readFileSync(unmarked));
    const { image } = readElf(bytes);
    const index = image?.segments.findIndex(({ type }) => type === 'GNU_STACK') ?? -1;
    new DataView(bytes.buffer).setUint32(64 + 56 * index, 0, true);
    expect(elfFindings(readElf(bytes))).toEqual([
      expect.objectContaining({ rule: 'hard/executable-stack', message: expect.stringContaining('no PT_GNU_STACK') }),
    ]);
  });

  it('sees a segment that is writable and executable', () => {
    const bytes = new Uint8Array(readFileSync(build('int g; int f(void) { return g++; }', ...HARDENED)));
    const { image } = readElf(bytes);
    const index = image?.segments.findIndex(({ type, flags }) => type === 'LOAD' && flags.write) ?? -1;
    new DataView(bytes.buffer).setUint32(64 + 56 * index + 4, 7, true);
    expect(elfFindings(readElf(bytes))).toEqual([
      expect.objectContaining({ rule: 'hard/writable-executable-segment', subject: `PT_LOAD ${index}` }),
    ]);
  });

  it('sees relocations in code', () => {
    const source = '__asm__(".text\\n.globl table\\ntable: .quad target\\n"); int target(void) { return 1; }';
    const found = findingsOf(build(source, ...HARDENED, '-Wl,-z,notext'));
    expect(found).toEqual([
      expect.objectContaining({
        rule: 'hard/text-relocations',
        severity: 'warning',
        message: '1 relocation changes memory that is not writable.',
      }),
    ]);
  });

  it('tells full, partial and no RELRO apart', () => {
    const source = '#include <stdlib.h>\nint f(const char *s) { return atoi(s); }';
    expect(rulesOf(build(source, '-Wl,-z,norelro'))).toEqual(['hard/no-relro']);
    expect(rulesOf(build(source, '-Wl,-z,relro,-z,lazy'))).toEqual(['hard/partial-relro']);
    expect(rulesOf(build(source, '-Wl,-z,relro,-z,now'))).toEqual([]);
    // -fno-plt leaves nothing to bind lazily, so relro alone protects everything.
    expect(rulesOf(build(source, '-O2', '-fno-plt', '-nostartfiles', '-Wl,-z,relro,-z,lazy'))).toEqual([]);
  });

  it('notes missing stack protector and fortified functions where they would be', () => {
    const source =
      '#include <stdio.h>\nvoid f(char *o, const char *s) { char b[9]; sprintf(b, "%s", s); printf("%s%p", b, o); }';
    const found = findingsOf(build(source, '-O2', '-U_FORTIFY_SOURCE', '-fno-stack-protector', '-Wl,-z,relro,-z,now'));
    expect(found.map(({ rule, severity }) => [rule, severity])).toEqual([
      ['hard/no-stack-protector', 'note'],
      ['hard/no-fortify', 'note'],
    ]);
  });

  it('tells where the search path leads', () => {
    const paths = (path: string): (string | undefined)[][] =>
      findingsOf(build(PLAIN, ...HARDENED, `-Wl,--enable-new-dtags,-rpath,${path}`)).map(({ rule, subject }) => [
        rule,
        subject,
      ]);
    expect(paths('$ORIGIN:$ORIGIN/lib:$ORIGIN/a/../b:/opt/vendor/lib:/usr/lib/x')).toEqual([]);
    expect(paths('$ORIGIN/../lib')).toEqual([['hard/search-path-escapes-origin', '$ORIGIN/../lib']]);
    expect(paths('/opt/x:lib')).toEqual([['hard/search-path-relative', 'lib']]);
    expect(paths('/opt/x::/opt/y')).toEqual([['hard/search-path-relative', 'empty RUNPATH entry']]);
    expect(paths('/tmp/lib')).toEqual([['hard/search-path-writable', '/tmp/lib']]);
    expect(paths('/opt/../tmp/lib')).toEqual([['hard/search-path-writable', '/opt/../tmp/lib']]);
    expect(paths('/home/ci/build')).toEqual([['hard/search-path-build-directory', '/home/ci/build']]);
    expect(paths('/tmpfs/lib:/homes/x')).toEqual([]);
  });

  it('notes DT_RPATH, and says nothing of one that the loader ignores', () => {
    expect(rulesOf(build(PLAIN, ...HARDENED, '-Wl,--disable-new-dtags,-rpath,/opt/x'))).toEqual(['dep/rpath']);
    expect(rulesOf(build(PLAIN, ...HARDENED, '-Wl,--enable-new-dtags,-rpath,/opt/x'))).toEqual([]);
  });

  it('sees needed libraries that are named by path', () => {
    const library = build(PLAIN);
    const source = 'int answer(void); int twice(void) { return 2 * answer(); }';
    // Without a SONAME the linker records the path that it was given.
    const absolute = findingsOf(build(source, ...HARDENED, '-Wl,--no-as-needed', library));
    expect(absolute).toEqual([
      expect.objectContaining({ rule: 'dep/needed-path', severity: 'warning', subject: library }),
    ]);
    const input = join(directory, 'relative.c');
    writeFileSync(input, source);
    const name = library.slice(directory.length + 1);
    execFileSync('cc', ['-shared', '-fPIC', '-o', 'relative.so', input, `./${name}`, ...HARDENED], { cwd: directory });
    expect(findingsOf(join(directory, 'relative.so'))).toEqual([
      expect.objectContaining({ rule: 'dep/needed-path', severity: 'error', subject: `./${name}` }),
    ]);
    const beside = build(PLAIN, '-Wl,-soname,$ORIGIN/lib/libbeside.so');
    expect(findingsOf(build(source, ...HARDENED, beside))).toEqual([
      expect.objectContaining({ rule: 'dep/needed-path', severity: 'note' }),
    ]);
    const named = build(PLAIN, '-Wl,-soname,libnamed.so.1');
    expect(rulesOf(build(source, ...HARDENED, named))).toEqual([]);
  });

  it('sees private symbols of the C library', () => {
    const source = 'extern void *__libc_dlsym(void *, const char *); void *f(void) { return __libc_dlsym(0, "x"); }';
    const stub = compileC(directory, 'libstub', 'void *__libc_dlsym(void *h, const char *n) { return 0; }', [
      `-Wl,--version-script=${script('GLIBC_PRIVATE { global: __libc_dlsym; };')}`,
      '-Wl,-soname,libc.so.6',
    ]);
    const found = findingsOf(build(source, ...HARDENED, stub));
    expect(found.map(({ rule, message }) => [rule, message])).toEqual([
      ['dep/private-version', 'The file uses GLIBC_PRIVATE of libc.so.6 (__libc_dlsym).'],
    ]);
  });

  it('refuses what dlopen refuses', () => {
    const input = join(directory, 'main.c');
    writeFileSync(input, 'int main(void) { return 0; }');
    const link = (name: string, ...flags: string[]): string => {
      const output = join(directory, name);
      execFileSync('cc', [input, '-o', output, ...flags], { stdio: 'pipe' });
      return output;
    };
    expect(rulesOf(link('main.pie', '-pie', '-fPIE'))).toContain('elf/not-shared-object');
    expect(rulesOf(link('main.exec', '-no-pie'))).toContain('elf/not-shared-object');
    expect(rulesOf(link('main.o', '-c'))).toEqual(['elf/not-shared-object']);
    expect(rulesOf(build(PLAIN, ...HARDENED, '-Wl,-z,nodlopen'))).toEqual(['elf/not-dlopenable']);
    expect(
      elfFindings(readElf(readFileSync(link('main.pie2', '-pie', '-fPIE', ...HARDENED))), { plugin: false }),
    ).toEqual([]);
  });

  function script(text: string): string {
    const file = join(directory, `v${built++}.map`);
    writeFileSync(file, text);
    return file;
  }
});

describe('search path entries', () => {
  it.each([
    ['$ORIGIN', 'fixed'],
    ['${ORIGIN}/lib', 'fixed'],
    ['$ORIGIN/..', 'above-origin'],
    ['${ORIGIN}/a/../../b', 'above-origin'],
    ['$ORIGINAL/lib', 'relative'],
    ['$LIB', 'relative'],
    ['./lib', 'relative'],
    ['', 'relative'],
    ['/usr/$LIB/x', 'fixed'],
    ['/dev/shm', 'writable'],
    ['/builds/group/project/out', 'build-directory'],
  ])('%j is %s', (text, kind) => {
    expect(searchPathEntries(text)).toEqual([{ text, kind }]);
  });
});

describe('files that are no ELF', () => {
  it.each([
    ['', 'The file is empty.'],
    ['plain words\n', 'This is not an ELF file but a text file.'],
    [
      '/* GNU ld script */ INPUT(libx.so.1)',
      'This is not an ELF file but a linker script that names the real library.',
    ],
    ['!<arch>\nfoo', 'This is not an ELF file but a static library (ar archive).'],
    [
      'version https://git-lfs.github.com/spec/v1\n',
      'This is not an ELF file but a Git LFS pointer: the real file was not fetched (git lfs pull).',
    ],
    ['<!DOCTYPE html><title>404</title>', 'This is not an ELF file but an HTML page.'],
    ['MZ\x90\0', 'This is not an ELF file but a Windows (PE) file.'],
    ['\x01\x02\x03\xff', 'This is not an ELF file but a binary file of another kind.'],
  ])('%j', (text, message) => {
    const findings = elfFindings(readElf(Buffer.from(text, 'latin1')));
    expect(findings).toEqual([expect.objectContaining({ rule: 'elf/not-elf', severity: 'error', message })]);
  });
});
