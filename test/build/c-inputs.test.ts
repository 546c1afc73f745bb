import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cHeaders, preambleOf } from '../../src/build/c-inputs.ts';
import type { GoPackage } from '../../src/build/go-list.ts';
import type { BuildPlan } from '../../src/build/plan.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

describe('what stands above import "C"', () => {
  it.each([
    ['a block', 'package a\n\n/*\n#include <x.h>\n*/\nimport "C"\n', '\n#include <x.h>\n\n'],
    ['lines', 'package a\n\n// #include <x.h>\n// int y;\nimport "C"\n', ' #include <x.h>\n int y;\n\n'],
    ['flags for cgo', '/*\n#cgo CFLAGS: -DX\n#include <x.h>\n*/\nimport "C"\n', '\n\n#include <x.h>\n\n'],
    ['nothing', 'package a\n\nimport "C"\n', '\n'],
  ])('is found: %s', (_, source, expected) => {
    expect(preambleOf(source)).toBe(expected);
  });

  it.each([
    ['a group of imports', '/*\n#include <x.h>\n*/\nimport (\n\t"C"\n)\n'],
    ['two of them', '// #include <x.h>\nimport "C"\n// #include <y.h>\nimport "C"\n'],
  ])('is not guessed: %s', (_, source) => {
    expect(preambleOf(source)).toBeUndefined();
  });
});

describeWith(['gcc', 'g++'], 'the headers of a package', () => {
  const root = workspace();
  const environment = { PATH: process.env.PATH ?? '' };
  const plan: Pick<BuildPlan, 'directory' | 'environment'> = { directory: root, environment };
  const compilers = {
    CC: 'gcc',
    CXX: 'g++',
    CGO_CPPFLAGS: '',
    CGO_CFLAGS: '-O2 -g',
    CGO_CXXFLAGS: '',
    CGO_LDFLAGS: '',
  };

  async function headers(files: Readonly<Record<string, string>>, more: Partial<GoPackage>) {
    const directory = mkdtempSync(join(root, 'p-'));
    writeTree(directory, files);
    const one: GoPackage = { ImportPath: 'example.com/p', Dir: directory, ...more };
    const found = await cHeaders(
      one,
      { ...plan, builder: 'c-shared', commands: [], artifact: 'p.so', cross: false, compilerPackages: [] },
      compilers,
    );
    if ('open' in found) return found.open;
    return found.headers
      .filter((path) => path.startsWith(directory))
      .map((path) => path.slice(directory.length + 1))
      .sort();
  }

  it('are those that the preprocessor opens, wherever they are', async () => {
    const files = {
      'a.go': '// #include "inc/a.h"\nimport "C"\n',
      'b.c': '#include "inc/b.h"\n#ifdef X\n#include "inc/x.h"\n#endif\n#include "_cgo_export.h"\n',
      'inc/a.h': '#include "deeper/c.h"\n',
      'inc/b.h': '',
      'inc/x.h': '',
      'inc/deeper/c.h': '',
    };
    const given = { CgoFiles: ['a.go'], CFiles: ['b.c'] };
    const usual = ['_cgo_export.h', 'b.c', 'inc/a.h', 'inc/b.h', 'inc/deeper/c.h'];
    expect(await headers(files, given)).toEqual(usual);
    expect(await headers(files, { ...given, CgoCFLAGS: ['-DX=1'] })).toEqual([...usual, 'inc/x.h']);
  });

  it('are not asked for with flags that could do more than name directories', async () => {
    const files = { 'a.go': 'import "C"\n' };
    for (const flag of [
      '-fplugin=./evil.so',
      '-specs=x',
      '-wrapper',
      '@file',
      '-B.',
      '-include',
      '-Wp,-MD,out',
      '-o',
      '-x',
      '-I-',
    ]) {
      expect(await headers(files, { CgoFiles: ['a.go'], CgoCFLAGS: [flag] })).toBe(
        `example.com/p is compiled with ${flag}`,
      );
    }
    expect(existsSync(join(root, 'out'))).toBe(false);
  });

  it('are not all, where sources embed files, or libraries are linked', async () => {
    expect(await headers({ 'a.c': '__asm__(".incbin \\"x\\"");\n' }, { CFiles: ['a.c'] })).toMatch(/embed files$/);
    expect(await headers({ 'a.s': '#include "../x.h"\n#include "textflag.h"\n' }, { SFiles: ['a.s'] })).toMatch(
      /includes \.\.\/x\.h$/,
    );
    expect(await headers({}, { CgoLDFLAGS: ['-L.', '-lx'] })).toMatch(/is linked with -L\.$/);
    expect(await headers({}, { CgoLDFLAGS: ['-lm', '-lpthread'] })).toEqual([]);
    expect(await headers({}, { CgoPkgConfig: ['zlib'] })).toMatch(/pkg-config$/);
  });
});
