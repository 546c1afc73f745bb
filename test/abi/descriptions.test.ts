import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { compareAbi } from '../../src/abi/abi.ts';
import { compareImages } from '../../src/compare/compare.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

function inputOf(file: string) {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

const INSTANCES = fileURLToPath(new URL('../fixtures/abi-rebuilt/', import.meta.url));

/** Sources of C++ that two compilers describe in different words. */
describeWith(['g++', 'clang++'], 'C++ that compilers describe differently', () => {
  const directory = workspace();
  const ways = [
    ['g++', '-O0', '-gdwarf-4', '-femit-class-debug-always'],
    ['g++', '-O2', '-gdwarf-5', '-femit-class-debug-always', '-fdebug-types-section'],
    ['clang++', '-O0', '-gdwarf-5', '-fstandalone-debug'],
    ['clang++', '-O2', '-gdwarf-4', '-fstandalone-debug'],
  ] as const;

  it.each(readdirSync(INSTANCES))(
    '%s',
    (source) => {
      const files = ways.map(([compiler, ...flags], number) => {
        const output = join(directory, `${source}-${number}.so`);
        const args = ['-std=c++17', '-g', '-w', '-fPIC', '-shared', ...flags, '-o', output, source];
        execFileSync(compiler, args, { cwd: INSTANCES, stdio: 'pipe' });
        return inputOf(output);
      });
      // Each against one of the other compiler, around in a circle.
      for (const [n, m] of [
        [0, 2],
        [2, 1],
        [1, 3],
        [3, 0],
      ] as const) {
        const [one, other] = [files[n], files[m]];
        if (one === undefined || other === undefined) throw new Error('a build is missing');
        const findings = compareImages(one.image, other.image, { types: compareAbi(one, other) });
        const bad = findings.filter(({ effect }) => effect !== 'compatible' && effect !== 'risky');
        expect(bad.map(({ rule, message }) => [rule, message])).toEqual([]);
      }
    },
    180_000,
  );
});
