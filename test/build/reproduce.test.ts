import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { firstDifference } from '../../src/build/difference.ts';
import { describeWith } from '../support/needs.ts';
import { projects } from './project.ts';
import { build, requestFor, rulesOf } from './request.ts';

const project = projects();
const MAKEFILE = 'CFLAGS = -fPIC\ngreet.so: greet.o\n\t$(CC) -shared -o $@ $<\n';
const twice = { reproducible: true } as const;

describeWith(['make', 'cc'], 'a build that is made twice', () => {
  it('gives the same bytes when nothing else goes in, objects included', async () => {
    const root = project({ Makefile: MAKEFILE, 'greet.c': 'int greet(void) { return 1; }\n' });
    const outcome = await build(requestFor(root, { command: [['make']], ...twice }));
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence.reproduction).toEqual({ status: 'same', digest: outcome.artifact?.digest });
    expect(outcome.summary).toContain('twice with the same bytes');
    expect(readdirSync(root).sort()).toEqual(['Makefile', 'greet.c', 'greet.o', 'greet.so']);
  });

  it.each([
    ['__TIME__', /, first in section \.rodata, .*: a time of day, as __TIME__/],
    ['__DATE__', /, first in section \.rodata, .*: a date, as __DATE__/],
  ])('finds %s in an object file that make would not have made again', async (macro, message) => {
    const root = project({ Makefile: MAKEFILE, 'greet.c': `const char *greet(void) { return "1.0.0" ${macro}; }\n` });
    const outcome = await build(requestFor(root, { command: [['make']], ...twice }));
    expect(rulesOf(outcome)).toEqual(['build/not-reproducible error']);
    expect(outcome.findings[0]?.message).toMatch(message);
    expect(outcome.findings[0]?.details).toMatch(/^first build: {2}1\.0\.0.*\nsecond build: 1\.0\.0/);
    expect(Buffer.from(outcome.artifact?.bytes ?? []).equals(readFileSync(join(root, 'greet.so')))).toBe(true);
  });

  it('finds the name of a temporary file', async () => {
    const script = 'd=$(mktemp -d) && cp greet.c $d && cc -g -shared -fPIC $d/greet.c -o greet.so && rm -r $d';
    const root = project({ 'greet.c': 'const char *greet(void) { return __FILE__; }\n' });
    const outcome = await build(requestFor(root, { command: [['sh', '-c', script]], ...twice }));
    expect(rulesOf(outcome)).toEqual(['build/not-reproducible error']);
    expect(outcome.findings[0]?.message).toContain('a path of the build');
  });

  it('does not call it proven when object files of the first build were used', async () => {
    const script = 'test -f greet.o || cc -fPIC -c greet.c; cc -shared greet.o -o greet.so';
    const root = project({ 'greet.c': 'const char *greet(void) { return __TIME__; }\n' });
    const outcome = await build(requestFor(root, { command: [['sh', '-c', script]], ...twice }));
    expect(rulesOf(outcome)).toEqual(['build/reproducibility-unknown undecided']);
    expect(outcome.findings[0]?.message).toContain('it may have used greet.o of the first');
  });

  it('is satisfied with a script that cleans up first', async () => {
    const script = 'rm -f greet.o; cc -fPIC -c greet.c; cc -shared greet.o -o greet.so';
    const root = project({ 'greet.c': 'int greet(void) { return 1; }\n', 'vendor/libold.a': 'part of the source' });
    expect((await build(requestFor(root, { command: [['sh', '-c', script]], ...twice }))).findings).toEqual([]);
  });

  it('keeps the first file when the second build fails', async () => {
    const script = 'test ! -f done || exit 9; touch done; cc -shared -fPIC greet.c -o greet.so';
    const root = project({ 'greet.c': 'int greet(void) { return 1; }\n' });
    const outcome = await build(requestFor(root, { command: [['sh', '-c', script]], ...twice }));
    expect(rulesOf(outcome)).toEqual(['build/reproducibility-unknown undecided']);
    expect(outcome.findings[0]?.message).toContain(
      'could not be built twice: in the second build, sh ended with exit status 9',
    );
    expect(readFileSync(join(root, 'greet.so')).equals(Buffer.from(outcome.artifact?.bytes ?? []))).toBe(true);
  });
});

describeWith(['cmake', 'make', 'c++'], 'a C++ build with cmake that is made twice', () => {
  it('gives the same bytes', async () => {
    const root = project({
      'CMakeLists.txt':
        'cmake_minimum_required(VERSION 3.13)\nproject(greet CXX)\nadd_library(greet MODULE greet.cc)\nset_target_properties(greet PROPERTIES PREFIX "")\n',
      'greet.cc': '#include <string>\nextern "C" int greet(const char *s) { return (int)std::string(s).size(); }\n',
    });
    const command = [
      ['cmake', '-S', '.', '-B', 'build'],
      ['cmake', '--build', 'build'],
    ];
    const outcome = await build(requestFor(root, { command, ...twice }, { artifact: 'build/greet.so' }));
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence.reproduction?.status).toBe('same');
    expect(outcome.evidence.toolchain).toMatchObject({ cmake: expect.stringContaining('cmake version') });
  });
});

describeWith(['cargo', 'rustc', 'cc'], 'a Rust build with cargo that is made twice', () => {
  it('gives the same bytes, and places of mistakes', async () => {
    const root = project({
      'Cargo.toml': '[package]\nname = "greet"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n',
      'src/lib.rs': '#[no_mangle]\npub extern "C" fn greet() -> i32 { 1 }\n',
    });
    const command = [['cargo', 'build', '--release', '--offline']];
    const request = requestFor(root, { command, ...twice }, { artifact: 'target/release/libgreet.so' });
    const outcome = await build(request);
    expect(outcome.findings).toEqual([]);
    expect(outcome.evidence.reproduction?.status).toBe('same');
    expect(outcome.evidence.toolchain).toMatchObject({ rustc: expect.stringMatching(/^rustc 1\./) });

    const broken = project({
      'Cargo.toml': readFileSync(join(root, 'Cargo.toml'), 'utf8'),
      'src/lib.rs': '#[no_mangle]\npub extern "C" fn greet() -> i32 { missing }\n',
    });
    const failed = await build(requestFor(broken, { command }, { artifact: 'target/release/libgreet.so' }));
    expect(rulesOf(failed)).toEqual(['build/failed error', 'build/diagnostic error']);
    expect(failed.findings[1]).toMatchObject({ location: { file: 'src/lib.rs', line: 2, column: 36 } });
  });
});

describe('firstDifference', () => {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
  const sections = [
    { name: '.note.gnu.build-id', offset: 0, size: 4 },
    { name: '.text', offset: 4, size: 4 },
    { name: '.data', offset: 8, size: 4 },
  ];

  it('says nothing about equal files', () => {
    expect(firstDifference(bytes('abcd'), bytes('abcd'), () => sections)).toBeUndefined();
  });

  it('names the first section that is no consequence of others', () => {
    expect(firstDifference(bytes('id1-textdat1'), bytes('id2-textdat2'), () => sections)).toEqual({
      section: '.data',
      offset: 11,
      sections: ['.note.gnu.build-id', '.data'],
      sizes: [12, 12],
      texts: ['id1-textdat1', 'id2-textdat2'],
    });
  });

  it('names the build id when it is alone, and an offset when there are no sections', () => {
    expect(firstDifference(bytes('id1-textdata'), bytes('id2-textdata'), () => sections)?.section).toBe(
      '.note.gnu.build-id',
    );
    expect(firstDifference(bytes('abcd'), bytes('abcde'), () => [])).toEqual({
      offset: 4,
      sections: [],
      sizes: [4, 5],
    });
  });
});
