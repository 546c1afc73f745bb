import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DwarfFile } from '../../src/dwarf/file.ts';
import { inMemory, loadSections } from '../../src/dwarf/sections.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { type Agreement, compareWithDump, Names } from './agreement.ts';
import { dumpWithLlvm } from './dump.ts';
import { debianDebugFiles, make, RECIPES } from './objects.ts';

const names = new Names();
const space = workspace();

function agreementOn(path: string, dumped = path): Agreement {
  const bytes = new Uint8Array(readFileSync(path));
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${path} is not read`);
  const split = /\.dw[op]$/.test(path);
  const { sections, problems } = loadSections(image, inMemory(bytes), split);
  const file = new DwarfFile(sections, { split });
  file.index('info');
  file.index('types');
  const agreement = compareWithDump(file, dumpWithLlvm(dumped), names);
  agreement.differences.push(...problems.map(({ section, message }) => `${section} ${message}`));
  agreement.differences.push(...file.problems.map(({ message }) => message));
  return agreement;
}

/** Entries, attributes, decoded values and file names of every unit, against LLVM's reader. */
describe('agreement with llvm-dwarfdump', () => {
  for (const [at, recipe] of RECIPES.entries()) {
    describeWith(['llvm-dwarfdump', ...recipe.needs], recipe.name, () => {
      it('reads the same', () => {
        const directory = join(space, String(at));
        mkdirSync(directory);
        const files = make(recipe, directory);
        expect(files.length).toBeGreaterThan(0);
        for (const path of files) {
          const same = recipe.sameAs?.[basename(path)];
          const agreement = agreementOn(path, same === undefined ? path : join(directory, same));
          expect(agreement.differences).toEqual([]);
          expect(agreement.entries).toBeGreaterThan(0);
        }
      });
    });
  }

  describeWith(['llvm-dwarfdump'], 'debug files of Debian packages', () => {
    const files = debianDebugFiles(40_000).slice(0, 60);
    // Of the package libc6-dbg.
    (files.length > 0 ? it : it.skip)(
      `reads the same in 60 of them${files.length > 0 ? '' : ' [skipped: libc6-dbg not installed]'}`,
      () => {
        let entries = 0;
        for (const path of files) {
          const agreement = agreementOn(path);
          expect({ path, differences: agreement.differences }).toEqual({ path, differences: [] });
          entries += agreement.entries;
        }
        expect(entries).toBeGreaterThan(files.length * 100);
      },
    );
  });
});
