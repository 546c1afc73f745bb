import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { mutate, randomNumbers } from './mutations.ts';
import { make, RECIPES } from './objects.ts';
import { readAndCompare, readTypes } from './reading.ts';

/** Damaged copies made of each file. The full run (bench/dwarf-fuzz.ts) makes as many as it is told to. */
const COPIES = 120;

const KINDS = [
  'gcc C DWARF 2',
  'gcc C++ DWARF 5',
  'clang C++ DWARF 5',
  'gcc linked type units, DWARF 4',
  'clang type units, DWARF 5',
  'gcc C++ optimised',
  'gcc 64-bit DWARF 5',
  'gcc object',
  'dwz',
  'gcc zlib',
  'gcc powerpc64, DWARF 4',
];

const space = workspace();

for (const [at, kind] of KINDS.entries()) {
  const recipe = RECIPES.find(({ name }) => name === kind);
  describeWith(recipe?.needs ?? ['a recipe'], `damaged debug information: ${kind}`, () => {
    it('never throws and always ends', () => {
      if (recipe === undefined) throw new Error(`no recipe ${kind}`);
      const directory = join(space, String(at));
      mkdirSync(directory);
      const [path = ''] = make(recipe, directory);
      const bytes = new Uint8Array(readFileSync(path));
      const whole = readTypes(bytes);
      const sections = readElf(bytes).image?.sections ?? [];
      const ranges = sections.filter(({ name }) => name.startsWith('.debug_'));
      if (whole === undefined) throw new Error('the file itself is not read');
      expect(whole.missing.filter(({ code }) => code === 'malformed')).toEqual([]);
      const random = randomNumbers(at + 1);
      let told = 0;
      for (let copy = 0; copy < COPIES; copy += 1) {
        const graph = readAndCompare(mutate(bytes, ranges, random), whole);
        if (graph === undefined || graph.missing.length > 0) told += 1;
      }
      // Damage to a name or a line number cannot be seen; most of the rest is.
      expect(told).toBeGreaterThan(COPIES / 4);
    });
  });
}
