import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type AbiInput, compareAbi, readAbi } from '../../src/abi/abi.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const V1 =
  'struct config { int a; }; int run(struct config *c) { return c->a; } int other(void) { return 1; } int value;\n';

/** Symbols of functions lead to descriptors there, not to code. */
describeWith(['powerpc64-linux-gnu-gcc'], '64-bit PowerPC, big-endian', () => {
  const directory = workspace();

  function build(name: string, source: string): AbiInput {
    const file = join(directory, `${name}.so`);
    writeFileSync(join(directory, `${name}.c`), `#line 1 "api.h"\n${source}`);
    const args = ['-g', '-O2', '-fPIC', '-shared', '-nostdlib', '-o', file, `${name}.c`];
    execFileSync('powerpc64-linux-gnu-gcc', args, { cwd: directory, stdio: 'pipe' });
    const bytes = readFileSync(file);
    const { image } = readElf(bytes);
    if (image === undefined) throw new Error(`${file} cannot be read`);
    return { image, bytes, search: { file, directories: [] } };
  }

  it('finds the type of every function', () => {
    const { symbols, missing } = readAbi(build('v1', V1));
    expect(missing).toEqual([]);
    expect(symbols.map(({ name, type }) => [name, type !== undefined]).sort()).toEqual([
      ['other', true],
      ['run', true],
      ['value', true],
    ]);
  });

  it('finds what changed, and nothing where nothing did', () => {
    const [old, now] = [build('v1', V1), build('v2', V1.replace('int a;', 'int more; int a;'))];
    expect(compareAbi(old, now).findings).toMatchObject([
      { rule: 'abi/struct-size-changed', type: 'struct config', affected: ['run'] },
    ]);
    expect(compareAbi(old, build('again', V1)).findings).toEqual([]);
  });
});
