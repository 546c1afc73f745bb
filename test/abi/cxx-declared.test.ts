import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { type AbiInput, compareAbi } from '../../src/abi/abi.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { describeTopics } from './describe-table.ts';
import { TABLE } from './table.ts';

describeTopics(['cxx-declared']);

function inputOf(file: string): AbiInput {
  const bytes = readFileSync(file);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${file} cannot be read`);
  return { image, bytes, search: { file, directories: [] } };
}

/** Compilers as they are without options: gcc describes classes of templates that clang only declares. */
describeWith(['g++', 'clang++'], 'classes that one compiler only declares', () => {
  const directory = workspace();
  const build = (name: string, compiler: string): AbiInput => {
    const output = join(directory, `${name.replaceAll('/', '-')}-${compiler}.so`);
    const source = join(TABLE, 'cxx-declared', `${name}.cc`);
    execFileSync(compiler, ['-g', '-w', '-fPIC', '-shared', '-o', output, source], { stdio: 'pipe' });
    return inputOf(output);
  };
  const built = new Map<string, AbiInput>();
  const of = (name: string): AbiInput => {
    const input = built.get(name);
    if (input === undefined) throw new Error(`${name} was not built`);
    return input;
  };
  beforeAll(() => {
    for (const [name, compiler] of [
      ['shared-pointer/v1', 'g++'],
      ['shared-pointer/v1', 'clang++'],
      ['element/v1', 'g++'],
      ['element/v1', 'clang++'],
      ['element/v2', 'g++'],
      ['element/v2', 'clang++'],
    ] as const) {
      built.set(`${name} ${compiler}`, build(name, compiler));
    }
  }, 120_000);

  it.each([
    ['g++', 'clang++'],
    ['clang++', 'g++'],
  ])('parts of std::shared_ptr, by %s and then by %s', (before, after) => {
    const { findings, compared } = compareAbi(of(`shared-pointer/v1 ${before}`), of(`shared-pointer/v1 ${after}`));
    expect(findings.filter(({ effect }) => effect !== 'compatible').map(({ message }) => message)).toEqual([]);
    expect(compared.size).toBeGreaterThan(0);
  });

  it.each([
    ['g++', 'clang++'],
    ['clang++', 'g++'],
  ])('a changed element is found when the compiler changes as well, from %s to %s', (before, after) => {
    const { findings } = compareAbi(of(`element/v1 ${before}`), of(`element/v2 ${after}`));
    const [found] = findings.filter(({ type }) => type === 'Point');
    expect(found).toMatchObject({ rule: 'abi/struct-size-changed', effect: 'breaking' });
  });
});
