import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { DwarfFile } from '../../src/dwarf/file.ts';
import { inMemory, loadSections } from '../../src/dwarf/sections.ts';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { type Agreement, Names } from './agreement.ts';
import { compareWithElfutils } from './eu-agreement.ts';
import { dumpWithElfutils } from './eu-dump.ts';
import { debianDebugFiles, make, RECIPES } from './objects.ts';

const names = new Names();
const space = workspace();

function agreementOn(path: string, dumped = path): Agreement {
  const bytes = new Uint8Array(readFileSync(path));
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error(`${path} is not read`);
  const { sections, problems } = loadSections(image, inMemory(bytes), false);
  const file = new DwarfFile(sections);
  file.index('info');
  file.index('types');
  const agreement = compareWithElfutils(file, dumpWithElfutils(dumped), names);
  agreement.differences.push(...problems.map(({ section, message }) => `${section} ${message}`));
  agreement.differences.push(...file.problems.map(({ message }) => message));
  return agreement;
}

/** What elfutils 0.188 shows nothing of, or only a part. */
const UNSHOWN = new Map([
  ['gcc type units, DWARF 4', 'type units in sections of their own, one each, in an object file'],
  ['gcc type units, DWARF 5', 'type units in sections of their own, one each, in an object file'],
  ['indirect and data16', 'it gives up at DW_FORM_indirect'],
  ['clang mips-linux-gnu', 'it has no back end for MIPS'],
  ['clang mips64-linux-gnuabi64', 'it has no back end for MIPS'],
  ['clang mips64el-linux-gnuabi64', 'it has no back end for MIPS'],
]);

/** A second reader that shares no code with LLVM's. It does not open .dwo and .dwp files by themselves. */
describe('agreement with eu-readelf', () => {
  let read = 0;
  let values = 0;
  let fileNames = 0;

  const shown = RECIPES.filter(({ name }) => !UNSHOWN.has(name));

  it('is asked for on more than fifty ways to make a file', () => {
    expect(shown.length).toBeGreaterThan(50);
    expect(RECIPES.length - shown.length).toBe(UNSHOWN.size);
  });

  for (const [at, recipe] of shown.entries()) {
    describeWith(['eu-readelf', ...recipe.needs], recipe.name, () => {
      it('reads the same', () => {
        const directory = join(space, String(at));
        mkdirSync(directory);
        for (const path of make(recipe, directory).filter((file) => !/\.dw[op]$/.test(file))) {
          const same = recipe.sameAs?.[basename(path)];
          const agreement = agreementOn(path, same === undefined ? path : join(directory, same));
          expect({ path, differences: agreement.differences }).toEqual({ path, differences: [] });
          expect(agreement.entries).toBeGreaterThan(0);
          read += 1;
          values += agreement.values;
          fileNames += agreement.fileNames;
        }
      });
    });
  }

  describeWith(['eu-readelf'], 'debug files of Debian packages', () => {
    const files = debianDebugFiles(40_000).slice(0, 60);
    (files.length > 0 ? it : it.skip)(
      `reads the same in 60 of them${files.length > 0 ? '' : ' [skipped: libc6-dbg not installed]'}`,
      () => {
        for (const path of files) {
          const { differences, values: compared } = agreementOn(path);
          expect({ path, differences }).toEqual({ path, differences: [] });
          expect(compared).toBeGreaterThan(0);
        }
      },
    );
  });

  afterAll(() => {
    // Not only names and forms: what was read was compared as well.
    if (read > 0) {
      expect(values / read).toBeGreaterThan(100);
      expect(fileNames).toBeGreaterThan(read);
    }
  });
});
