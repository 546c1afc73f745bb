import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compareAbi, readAbi } from '../../src/abi/abi.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

function inputOf(file: string) {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

const LOADER = fileURLToPath(new URL('../../native/loader/', import.meta.url));

/** The C sources of this project's loader as a library that exports all of its functions: real code of some size. */
describeWith(['gcc', 'clang'], 'real code, built again in other ways', () => {
  const directory = workspace();
  const ways = [
    ['gcc', '-O0', '-gdwarf-5'],
    ['gcc', '-O2', '-gdwarf-4'],
    ['clang', '-O0', '-gdwarf-4'],
    ['clang', '-O2', '-gdwarf-5'],
  ] as const;
  const fileOf = (number: number): string => join(directory, `loader-${number}.so`);

  beforeAll(() => {
    const sources = readdirSync(LOADER).filter((file) => file.endsWith('.c'));
    for (const [number, [compiler = 'gcc', ...flags]] of ways.entries()) {
      const args = ['-g', '-w', '-D_GNU_SOURCE', '-shared', '-fPIC', ...flags, '-o', fileOf(number), ...sources];
      execFileSync(compiler, [...args, '-ldl', '-lpthread'], { cwd: LOADER, stdio: 'pipe' });
    }
  }, 180_000);

  it('has types for every function', () => {
    for (const number of ways.keys()) {
      const { symbols, missing } = readAbi(inputOf(fileOf(number)));
      expect(missing).toEqual([]);
      expect(symbols.filter(({ imported }) => imported !== true).length).toBeGreaterThan(50);
    }
  });

  const pairs = ways.flatMap((_, one) => ways.flatMap((__, other) => (one === other ? [] : [[one, other] as const])));
  it.each(pairs)('build %i against build %i', (one, other) => {
    const { findings, compared } = compareAbi(inputOf(fileOf(one)), inputOf(fileOf(other)));
    expect(findings.map(({ message }) => message)).toEqual([]);
    expect(compared.size).toBeGreaterThan(50);
  });
});

const GTEST = '/usr/src/googletest/googletest';
const describeGtest = existsSync(join(GTEST, 'src/gtest-matchers.cc')) ? describe : describe.skip;

/** A part of googletest, from the sources that Debian's libgtest-dev installs: templates, virtual functions, the standard library. */
describeGtest(`a C++ library${existsSync(GTEST) ? '' : ' [skipped: libgtest-dev not installed]'}`, () => {
  const directory = workspace();
  const ways = [
    ['g++', '-O0', '-gdwarf-5', '-femit-class-debug-always'],
    ['clang++', '-O1', '-gdwarf-4', '-fstandalone-debug'],
  ] as const;

  beforeAll(() => {
    for (const [number, [compiler = '', ...flags]] of ways.entries()) {
      // In a directory of its own each.
      const at = join(directory, `b${number}`);
      mkdirSync(at);
      const sources = ['gtest-matchers.cc', 'gtest-filepath.cc'].map((file) => join(GTEST, 'src', file));
      const args = [
        '-g',
        '-w',
        '-fPIC',
        '-shared',
        `-I${GTEST}`,
        `-I${GTEST}/include`,
        ...flags,
        '-o',
        'gtest.so',
        ...sources,
      ];
      execFileSync(compiler, args, { cwd: at, stdio: 'pipe' });
    }
  }, 180_000);

  it.each([
    [0, 1],
    [1, 0],
  ])('build %i against build %i', (one, other) => {
    const file = (number: number): string => join(directory, `b${number}`, 'gtest.so');
    const { findings, compared } = compareAbi(inputOf(file(one)), inputOf(file(other)));
    expect(findings.filter(({ effect }) => effect === 'breaking').map(({ message }) => message)).toEqual([]);
    expect(compared.size).toBeGreaterThan(50);
  });
});

/** Libraries of this machine with debug information in packages (libc6-dbg, libstdc++6-12-dbg), where installed. */
const LIBRARIES = [
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/x86_64-linux-gnu/libm.so.6',
  '/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
  '/lib/x86_64-linux-gnu/libresolv.so.2',
  '/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6',
].filter(hasDebugInformation);

function hasDebugInformation(file: string): boolean {
  if (!existsSync(file)) return false;
  const { image } = inputOf(file);
  const id = image.notes.buildId ?? '';
  return image.debug.dwarf || existsSync(join('/usr/lib/debug/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`));
}

const describeLibraries = LIBRARIES.length > 0 ? describe : describe.skip;

describeLibraries(
  `libraries against themselves${LIBRARIES.length > 0 ? '' : ' [skipped: libc6-dbg and libstdc++6-12-dbg not installed]'}`,
  () => {
    it.each(LIBRARIES)('%s', (file) => {
      // The whole comparison: `diff` itself sees equal bytes and stops there.
      const { findings, compared } = compareAbi(inputOf(file), inputOf(file));
      const bad = findings.filter(({ effect }) => effect !== 'compatible');
      expect(bad.map(({ message }) => message)).toEqual([]);
      expect(compared.size).toBeGreaterThan(20);
    });
  },
);
