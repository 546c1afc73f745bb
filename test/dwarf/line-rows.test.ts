import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { openDebugInfo } from '../../src/abi/dwarf/open.ts';
import { sourceLines } from '../../src/dwarf/line-rows.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';

const SOURCE = `
#include <stdlib.h>
#include <string.h>
static int helper(int x) { return x * 3 + rand(); }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int sort(int *values, int count) {
  qsort(values, count, sizeof *values, compare);
  for (int i = 0; i < count; i++) {
    if (values[i] > 10)
      values[i] = helper(values[i]);
    else
      values[i] += (int)strlen("text");
  }
  return values[0];
}
`;

describeWith(['cc', 'addr2line'], 'source lines of addresses', () => {
  const directory = workspace();

  it.each([
    ['-gdwarf-2', '-O0'],
    ['-gdwarf-4', '-O2'],
    ['-gdwarf-5', '-O2'],
    ['-gdwarf-5', '-O0', '-gz=zlib'],
  ])('agree with addr2line: %s %s %s', (...flags) => {
    const file = compileC(directory, `lines${flags.join('')}`, SOURCE, flags);
    const bytes = readFileSync(file);
    const image = readElf(bytes).image;
    if (image === undefined) throw new Error('not read');
    const text = image.sections.find(({ name }) => name === '.text');
    if (text === undefined) throw new Error('no code');
    const addresses = Array.from({ length: text.size }, (_, index) => text.address + index);
    const [opened] = openDebugInfo(image, bytes, { directories: [] }).files;
    if (opened === undefined) throw new Error('no debug information');
    const lines = sourceLines(opened, addresses);
    const words = addresses.map((address) => `0x${address.toString(16)}`);
    const answers = execFileSync('addr2line', ['-e', file, ...words], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const own = addresses.map((address) => {
      const line = lines.get(address);
      return line === undefined ? '??' : `${line.file}:${line.line}`;
    });
    const oracle = answers.map((answer) =>
      /:[?0]$/.test(answer) ? '??' : answer.replace(/ \(discriminator \d+\)$/, ''),
    );
    expect(own).toEqual(oracle);
    expect(new Set(own).size).toBeGreaterThan(8);
  });

  it('come to an end whatever stands in the table', () => {
    const file = compileC(directory, 'damaged', SOURCE, ['-gdwarf-5', '-O2']);
    const sound = readFileSync(file);
    const image = readElf(sound).image;
    const section = image?.sections.find(({ name }) => name === '.debug_line');
    const text = image?.sections.find(({ name }) => name === '.text');
    if (image === undefined || section === undefined || text === undefined) throw new Error('no lines');
    const addresses = Array.from({ length: text.size }, (_, index) => text.address + index);
    let [state, found] = [20261122, 0];
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sound);
      for (let flips = 0; flips < 4; flips++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const at = section.offset + (state % section.size);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (state >>> 29)), at);
      }
      const [opened] = openDebugInfo(image, bytes, { directories: [] }).files;
      if (opened !== undefined) found += sourceLines(opened, addresses).size;
    }
    // Damage in one place leaves most of the others.
    expect(found).toBeGreaterThan(0);
  });
});
