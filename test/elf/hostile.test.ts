import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { elfFindings } from '../../src/elf/findings.ts';
import { floorFindings } from '../../src/elf/floor-findings.ts';
import type { ElfImage, ElfReading } from '../../src/elf/model.ts';
import { readElf, readElfLazily } from '../../src/elf/read.ts';
import { renderInspection } from '../../src/report/inspect.ts';
import { inspectGo } from '../../src/report/inspect-go.ts';
import { toInspectJson } from '../../src/report/inspect-json.ts';
import { PLAIN } from '../../src/text/style.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { dynamicEntries, type Patch, patched, randomNumbers } from './bytes.ts';

/** Everything that is done with a file, as the commands do it; it must come to an end without throwing. */
function useAll(bytes: Uint8Array): ElfReading {
  const reading = readElf(bytes);
  const findings = [...elfFindings(reading, { platform: 'linux/amd64', branchProtection: true })];
  const { image } = reading;
  if (image !== undefined) findings.push(...floorFindings(image, 'debian:11'));
  const go = image === undefined ? undefined : inspectGo(bytes, image);
  const inspection = {
    file: 'x.so',
    digest: `sha256:${'0'.repeat(64)}`,
    size: bytes.length,
    findings,
    ...(image === undefined ? {} : { image }),
    ...(go === undefined ? {} : { go }),
  };
  const text = renderInspection(inspection, { style: PLAIN });
  expect(text).not.toMatch(/[^\n\P{Cc}]/u);
  JSON.stringify(toInspectJson(inspection));
  return reading;
}

const directory = workspace();
const version = join(directory, 'v.map');
writeFileSync(version, 'V_1 { global: f; g; local: *; }; V_2 { global: h; } V_1;');
const file = compileC(
  directory,
  'plain',
  `#include <stdio.h>
   __thread int t; int g[9] = {1}; int f(int x) { t += x; return printf("%d", x); } int h(void) { return f(1); }`,
  ['-O1', '-g', `-Wl,--version-script=${version}`, '-Wl,--hash-style=gnu', '-Wl,-rpath,/opt/x', '-Wl,-soname,p.so'],
);
const original = patched(file);
const whole: ElfImage = (() => {
  const { image } = readElf(original);
  if (image === undefined) throw new Error('the compiler made no ELF file');
  return image;
})();

describe('damaged files', () => {
  it('the original has nothing to complain of', () => {
    expect(useAll(original).problems).toEqual([]);
  });

  it('cut off anywhere is truncated or not ELF, never fine', () => {
    const ends = new Set([...Array(300).keys()]);
    for (let end = 300; end < original.length; end += 97) ends.add(end);
    for (const end of [original.length - 1, original.length - 64]) ends.add(end);
    for (const end of ends) {
      const { problems } = useAll(original.slice(0, end));
      expect({ end, rules: problems.map(({ rule }) => rule).slice(0, 1) }).toEqual({
        end,
        rules: [end < 4 ? 'elf/not-elf' : 'elf/truncated'],
      });
    }
  });

  it('any byte of headers, dynamic section, versions and hash tables can be anything', () => {
    const random = randomNumbers(20261122);
    const areas = [
      { offset: 0, size: 64 + 56 * whole.segments.length },
      ...[
        '.dynamic',
        '.gnu.hash',
        '.gnu.version',
        '.gnu.version_d',
        '.gnu.version_r',
        '.dynsym',
        '.rela.dyn',
        '.rela.plt',
      ].map((name) => whole.sections.find((section) => section.name === name) ?? { offset: 0, size: 0 }),
      ...['.note.gnu.build-id', '.debug_abbrev', '.shstrtab'].map(
        (name) => whole.sections.find((section) => section.name === name) ?? { offset: 0, size: 0 },
      ),
      { offset: original.length - 64 * whole.sections.length, size: 64 * whole.sections.length },
    ];
    let read = 0;
    for (const { offset, size } of areas) {
      for (let at = offset; at < offset + size; at++) {
        const values = [random() & 0xff, [0, 1, 0x7f, 0x80, 0xff][random() % 5] ?? 0];
        const bytes = original.slice();
        bytes[at] = values[at % 2] ?? 0;
        useAll(bytes);
        read++;
      }
    }
    expect(read).toBeGreaterThan(3000);
  });

  it('whole words can be anything', () => {
    const random = randomNumbers(7);
    const end = 64 + 56 * whole.segments.length;
    const dynamic = whole.sections.find(({ name }) => name === '.dynamic') ?? { offset: 0, size: 0 };
    const extremes = [0, 1, 0xff, 0xffff, 0x7fffffff, 0xffffffff];
    for (let round = 0; round < 1500; round++) {
      const bytes = original.slice();
      const view = new DataView(bytes.buffer);
      for (let change = 0; change <= random() % 4; change++) {
        const inDynamic = random() % 2 === 0;
        const at = inDynamic ? dynamic.offset + (random() % (dynamic.size - 4)) : random() % (end - 4);
        view.setUint32(at & ~3, extremes[random() % extremes.length] ?? 0, true);
      }
      useAll(bytes);
    }
  });
});

describe('files that want to keep the reader busy', () => {
  const { DT_VERDEF, DT_VERNEED, DT_GNU_HASH, DT_RELASZ, DT_STRSZ, DT_VERDEFNUM, DT_VERNEEDNUM } = {
    DT_VERDEF: 0x6ffffffc,
    DT_VERNEED: 0x6ffffffe,
    DT_GNU_HASH: 0x6ffffef5,
    DT_RELASZ: 8,
    DT_STRSZ: 10,
    DT_VERDEFNUM: 0x6ffffffd,
    DT_VERNEEDNUM: 0x6fffffff,
  };
  const entries = dynamicEntries(original, whole);
  const valueAt = (tag: number): number => entries.find((entry) => entry.tag === tag)?.valueAt ?? 0;
  const startOf = (tag: number): number => entries.find((entry) => entry.tag === tag)?.value ?? 0;
  const cases: Readonly<Record<string, readonly Patch[]>> = {
    'a count of 2^32 version definitions': [[valueAt(DT_VERDEFNUM), 'u32', 0xffffffff]],
    'a count of 2^32 version needs': [[valueAt(DT_VERNEEDNUM), 'u32', 0xffffffff]],
    'version definitions that go on by one byte': [
      [valueAt(DT_VERDEFNUM), 'u32', 0xffffffff],
      [startOf(DT_VERDEF) + 16, 'u32', 1],
    ],
    'version needs that point to themselves with 65535 parts': [
      [valueAt(DT_VERNEEDNUM), 'u32', 0xffffffff],
      [startOf(DT_VERNEED) + 2, 'u16', 0xffff],
      [startOf(DT_VERNEED) + 12, 'u32', 1],
    ],
    'a hash table of 2^32 buckets': [[startOf(DT_GNU_HASH), 'u32', 0xffffffff]],
    'a hash table of 2^32 bloom words': [[startOf(DT_GNU_HASH) + 8, 'u32', 0xffffffff]],
    'a hash table that starts at symbol 2^32': [[startOf(DT_GNU_HASH) + 4, 'u32', 0xffffffff]],
    'relocations of 2^53 bytes': [
      [valueAt(DT_RELASZ), 'u32', 0xffffffff],
      [valueAt(DT_RELASZ) + 4, 'u32', 0x1fffff],
    ],
    'a string table of 2^63 bytes': [[valueAt(DT_STRSZ) + 4, 'u32', 0x80000000]],
    '65535 program headers': [[56, 'u16', 0xffff]],
    '65534 section headers': [[60, 'u16', 0xfffe]],
    'no section count, so that header 0 tells': [
      [60, 'u16', 0],
      [original.length - 64 * whole.sections.length + 32, 'u32', 0xffffffff],
    ],
  };

  it.each(Object.entries(cases))('%s', (_, patches) => {
    const { problems } = useAll(patched(file, patches));
    expect(problems.length).toBeGreaterThan(0);
  });

  it('a hash chain without an end', () => {
    const at = startOf(DT_GNU_HASH);
    const bytes = original.slice();
    const view = new DataView(bytes.buffer);
    const section = whole.sections.find(({ name }) => name === '.gnu.hash') ?? { offset: at, size: 0 };
    const chains = 16 + view.getUint32(at + 8, true) * 8 + view.getUint32(at, true) * 4;
    // Clearing the low bit of everything to the end of the segment removes every end of a chain.
    for (let word = at + chains; word < section.offset + section.size; word += 4)
      bytes[word] = (bytes[word] ?? 0) & 0xfe;
    const load = whole.segments.find(({ type }) => type === 'LOAD');
    for (let word = at + chains; word + 4 <= (load?.fileSize ?? 0); word += 4) bytes[word] = (bytes[word] ?? 0) & 0xfe;
    useAll(bytes);
    const { problems } = readElf(bytes);
    expect(problems.map(({ message }) => message).join(' ')).toContain('has no end');
  });

  it('a million symbols with one name of a megabyte', () => {
    const bytes = hugeNames(200_000, 1_000_000);
    const { problems } = useAll(bytes);
    expect(problems.map(({ message }) => message).join(' ')).toContain('share names');
  });

  it('60,000 sections whose names never end', () => {
    const count = 60_000;
    const names = 1_000_000;
    const bytes = new Uint8Array(64 + names + 64 * count);
    const view = new DataView(bytes.buffer);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(16, 3, true);
    view.setUint16(18, 62, true);
    view.setUint32(20, 1, true);
    view.setUint32(40, 64 + names, true);
    view.setUint16(58, 64, true);
    view.setUint16(60, count, true);
    view.setUint16(62, 1, true);
    bytes.fill(0x61, 64, 64 + names);
    for (let index = 0; index < count; index++) {
      const at = 64 + names + 64 * index;
      view.setUint32(at + 4, index === 1 ? 3 : 1, true);
      view.setUint32(at + 24, 64, true);
      view.setUint32(at + 32, names, true);
    }
    expect(useAll(bytes).problems.length).toBeGreaterThan(0);
  });
});

describe('files that are too large', () => {
  it('are not read, and no memory is asked for', () => {
    const reading = readElfLazily(2 ** 45, () => {
      throw new Error('read');
    });
    expect(reading.problems).toEqual([expect.objectContaining({ rule: 'elf/unsupported' })]);
  });
});

describe('files with many parts', () => {
  it('4,000 segments to load and half a million relocations between them', () => {
    const segments = 4000;
    const relocations = 500_000;
    const relocationsAt = 64 + 56 * (segments + 1) + 256;
    const bytes = new Uint8Array(relocationsAt + 24 * relocations);
    const view = new DataView(bytes.buffer);
    const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(16, 3, true);
    view.setUint16(18, 62, true);
    view.setUint32(20, 1, true);
    u64(32, 64);
    view.setUint16(54, 56, true);
    view.setUint16(56, segments + 1, true);
    const dynamicAt = relocationsAt - 256;
    for (let index = 0; index <= segments; index++) {
      const at = 64 + 56 * index;
      view.setUint32(at, index === segments ? 2 : 1, true);
      // The first one holds the whole file, the others lie beyond it.
      const start = index === 0 ? 0 : index === segments ? dynamicAt : 2 ** 40 + index * 4096;
      u64(at + 8, index === segments ? dynamicAt : 0);
      u64(at + 16, start);
      u64(at + 32, index === 0 ? bytes.length : index === segments ? 64 : 0);
      u64(at + 40, index === 0 ? bytes.length : 4096);
    }
    for (const [index, value] of [7, relocationsAt, 8, 24 * relocations, 9, 24, 0, 0].entries()) {
      u64(dynamicAt + 8 * index, value);
    }
    for (let index = 0; index < relocations; index++) {
      u64(relocationsAt + 24 * index, 2 ** 40 + ((index * 7919) % segments) * 4096);
      view.setUint32(relocationsAt + 24 * index + 8, 8, true);
    }
    expect(
      useAll(bytes)
        .problems.map(({ message }) => message)
        .join(' '),
    ).toContain('segments to load');
  });
});

/** A file of one segment whose dynamic symbols all have the same long name. */
function hugeNames(count: number, length: number): Uint8Array {
  const dynamicAt = 256;
  const hashAt = 512;
  const symbolsAt = 1024;
  const stringsAt = symbolsAt + 24 * count;
  const size = stringsAt + length + 2;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  u64(32, 64);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  for (const [index, type, offset, bytesOf] of [
    [0, 1, 0, size],
    [1, 2, dynamicAt, 16 * 6],
  ] as const) {
    const at = 64 + 56 * index;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, 6, true);
    for (const [field, value] of [
      [8, offset],
      [16, offset],
      [32, bytesOf],
      [40, bytesOf],
    ] as const)
      u64(at + field, value);
  }
  const dynamic = [5, stringsAt, 6, symbolsAt, 10, length + 2, 11, 24, 4, hashAt, 0, 0];
  for (const [index, value] of dynamic.entries()) u64(dynamicAt + 8 * index, value);
  view.setUint32(hashAt, 1, true);
  view.setUint32(hashAt + 4, count, true);
  for (let index = 1; index < count; index++) {
    view.setUint32(symbolsAt + 24 * index, 1, true);
    bytes[symbolsAt + 24 * index + 4] = 0x12;
    bytes[symbolsAt + 24 * index + 6] = 1;
    u64(symbolsAt + 24 * index + 8, symbolsAt);
  }
  bytes.fill(0x61, stringsAt + 1, stringsAt + 1 + length);
  return bytes;
}
