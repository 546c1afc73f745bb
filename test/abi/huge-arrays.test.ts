import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type AbiInput, compareAbi } from '../../src/abi/abi.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

describeWith(['gcc'], 'arrays of more elements than a double counts', () => {
  const cwd = workspace();

  function built(name: string, count: string): AbiInput {
    const path = join(cwd, `${name}.so`);
    writeFileSync(join(cwd, `${name}.c`), `char first(char (*all)[${count}]) { return (*all)[0]; }`);
    execFileSync('gcc', ['-shared', '-nostdlib', '-fPIC', '-g', `${name}.c`, '-o', path], { cwd, stdio: 'pipe' });
    const bytes = new Uint8Array(readFileSync(path));
    const { image } = readElf(bytes);
    if (image === undefined) throw new Error(`${path} is not read`);
    return { image, bytes, search: { file: path, directories: [] } };
  }

  it('are undecided, not equal', () => {
    const { findings } = compareAbi(built('a', '0x20000000000000'), built('b', '0x20000000000001'));
    expect(findings).toMatchObject([
      { rule: 'abi/type-unreadable', effect: 'undecided', message: expect.stringContaining('more elements than') },
    ]);
  });

  it('are compared up to there', () => {
    const [one, other] = [built('c', '0x1ffffffffffffe'), built('d', '0x1fffffffffffff')];
    expect(compareAbi(one, one).findings).toEqual([]);
    expect(compareAbi(one, other).findings).toMatchObject([
      { rule: 'abi/parameter-type-changed', message: expect.stringContaining('the number of elements changed') },
    ]);
  });
});
