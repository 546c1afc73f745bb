import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { ElfReading } from '../../src/elf/model.ts';
import { readElf, readElfLazily } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { differences, imageFacts, readelfFacts, readelfRelocations } from './readelf.ts';

/** Every shared library of the system, each file once. */
function systemLibraries(): string[] {
  const listed = execFileSync('find', ['/usr/lib', '-type', 'f', '-name', '*.so*', '-printf', '%D:%i\t%p\n'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const byInode = new Map<string, string>();
  for (const line of listed.trim().split('\n')) {
    const [inode = '', path = ''] = line.split('\t');
    byInode.set(inode, path);
  }
  return [...byInode.values()].sort();
}

describeWith(['readelf', 'find'], 'every shared library under /usr/lib', () => {
  const libraries = systemLibraries();
  const elf = libraries.filter((file) => isElf(file));

  it('is read as readelf reads it', () => {
    const wrong: string[] = [];
    let symbols = 0;
    for (let start = 0; start < libraries.length; start += 80) {
      const batch = libraries.slice(start, start + 80);
      const expected = readelfFacts(batch);
      for (const file of batch) {
        const reading = readFromDisk(file);
        const facts = expected.get(file);
        if (facts === undefined || reading.image === undefined) {
          if ((facts === undefined) !== (reading.image === undefined)) wrong.push(`${file}: only one takes it as ELF`);
          continue;
        }
        symbols += reading.image.symbols.length;
        wrong.push(...differences(file, facts, imageFacts(reading.image)));
        for (const problem of reading.problems) wrong.push(`${file}: ${problem.message}`);
      }
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(symbols).toBeGreaterThan(1000);
  });

  const small = elf.filter((file) => statSync(file).size < 1_000_000).filter((_, index) => index % 4 === 0);

  it('has the same dynamic facts when the section headers are stripped', () => {
    for (const file of small) {
      const bytes = readFileSync(file);
      const { image: whole } = readElf(bytes);
      const wide = bytes[4] === 2;
      // e_shoff, then e_shnum and e_shstrndx
      bytes.fill(0, wide ? 40 : 32, wide ? 48 : 36);
      bytes.fill(0, wide ? 60 : 48, wide ? 64 : 52);
      const { image: stripped, problems } = readElf(bytes);
      expect(problems).toEqual([]);
      expect(stripped?.sections).toEqual([]);
      const { symbols, undefined: missing, versions, dynamic, relocations, hardening, floors, segments } = whole ?? {};
      expect(stripped).toMatchObject({
        symbols,
        undefined: missing,
        versions,
        dynamic,
        relocations,
        hardening,
        floors,
        segments,
      });
      expect(stripped?.notes.buildId).toBe(whole?.notes.buildId);
    }
    expect(small.length).toBeGreaterThan(10);
  });

  it('is read from a descriptor as from memory, and only in part', () => {
    let touched = 0;
    let total = 0;
    for (const file of [...small, ...elf.filter((name) => statSync(name).size > 20_000_000).slice(0, 2)]) {
      const { size } = statSync(file);
      const descriptor = openSync(file, 'r');
      const lazy = readElfLazily(size, (buffer, offset, length, position) => {
        touched += length;
        return readSync(descriptor, buffer, offset, length, position);
      });
      closeSync(descriptor);
      total += size;
      expect(lazy).toEqual(readElf(readFileSync(file)));
    }
    expect(touched).toBeLessThan(total);
  });

  it('has as many relocations of each kind as readelf counts', () => {
    for (const file of small.slice(0, 60)) {
      const { relocations } = readElf(readFileSync(file)).image ?? {};
      expect({ file, ...relocations }).toMatchObject({ file, ...readelfRelocations(file) });
    }
  });
});

/** Only what is needed: the libraries of a machine with compilers and a browser come to a gigabyte. */
function readFromDisk(file: string): ElfReading {
  const descriptor = openSync(file, 'r');
  try {
    return readElfLazily(statSync(file).size, (buffer, offset, length, position) =>
      readSync(descriptor, buffer, offset, length, position),
    );
  } finally {
    closeSync(descriptor);
  }
}

function isElf(file: string): boolean {
  const descriptor = openSync(file, 'r');
  const start = new Uint8Array(4);
  readSync(descriptor, start);
  closeSync(descriptor);
  return start[0] === 0x7f && start[1] === 0x45;
}
