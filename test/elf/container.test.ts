import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { buildForeign, FOREIGN } from './foreign.ts';

const directory = workspace();

/** The section headers as readelf prints them. */
function readelfSections(file: string): string[] {
  const text = execFileSync('readelf', ['-W', '-S', file], { encoding: 'latin1', maxBuffer: 1 << 28 });
  const lines = [
    ...text.matchAll(
      /^ {2}\[ *(\d+)\] (\S*) +(\S+) +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) +([A-Za-z]*) +(\d+) +(\d+) +(\d+)$/gm,
    ),
  ];
  return lines
    .filter(([, index]) => index !== '0')
    .map(([, index, name, , address, offset, size, entrySize, flags, link, info, align]) =>
      [
        index,
        name,
        ...[address, offset, size, entrySize].map((text) => Number.parseInt(text ?? '', 16)),
        (flags ?? '').includes('C'),
        link,
        info,
        align,
      ].join(' '),
    );
}

function ourSections(bytes: Uint8Array): string[] {
  const { image, problems } = readElf(bytes);
  expect(problems).toEqual([]);
  return (image?.sections ?? [])
    .filter(({ index }) => index > 0)
    .map(({ index, name, address, offset, size, entrySize, flags, link, info, align }) =>
      [index, name, address, offset, size, entrySize, (flags & 0x800) !== 0, link, info, align].join(' '),
    );
}

describeWith(['cc', 'clang', 'ld.lld', 's390x-linux-gnu-ld', 'readelf', 'objcopy'], 'section headers', () => {
  const plain = compileC(directory, 'plain', 'int f(void) { return 1; } int data = 2;', ['-g']);

  it('are those that readelf reads', () => {
    expect(ourSections(readFileSync(plain))).toEqual(readelfSections(plain));
    expect(ourSections(readFileSync(plain)).length).toBeGreaterThan(20);
  });

  it.each(FOREIGN.map((foreign) => [foreign.triple, foreign] as const))(
    'are those that readelf reads, %s',
    (_, foreign) => {
      const { plugin } = buildForeign(directory, foreign);
      expect(ourSections(readFileSync(plugin))).toEqual(readelfSections(plugin));
    },
  );

  it('say which ones are compressed', () => {
    const compressed = join(directory, 'compressed.so');
    execFileSync('objcopy', ['--compress-debug-sections=zlib-gabi', plain, compressed]);
    const bytes = readFileSync(compressed);
    expect(ourSections(bytes)).toEqual(readelfSections(compressed));
    expect(ourSections(bytes).some((line) => line.includes('.debug_info') && line.includes('true'))).toBe(true);
  });

  it('have names in any bytes, which elfy would read as UTF-8', () => {
    const renamed = join(directory, 'renamed.so');
    execFileSync('objcopy', ['--rename-section', '.comment=.p\u00e4ge', plain, renamed]);
    const { image } = readElf(readFileSync(renamed));
    expect(image?.sections.map(({ name }) => name)).toContain('.p\u00c3\u00a4ge');
    expect(image?.sections.map(({ name }) => name)).toContain('.text');
  });

  it('are counted in header 0 when the count does not fit into the file header', () => {
    const bytes = readFileSync(plain);
    const expected = ourSections(bytes);
    const table = Number(bytes.readBigUInt64LE(40));
    // e_shnum 0: sh_size of header 0; e_shstrndx 0xffff: sh_link of header 0.
    bytes.writeBigUInt64LE(BigInt(bytes.readUInt16LE(60)), table + 32);
    bytes.writeUInt32LE(bytes.readUInt16LE(62), table + 40);
    bytes.writeUInt16LE(0, 60);
    bytes.writeUInt16LE(0xffff, 62);
    expect(ourSections(bytes)).toEqual(expected);
  });

  it('can be more than 65,280', () => {
    const source = join(directory, 'many.s');
    const lines = Array.from({ length: 66_000 }, (_, index) => `.section .t${index},"a"\n.byte 1\n`);
    writeFileSync(source, lines.join(''));
    const object = join(directory, 'many.o');
    execFileSync('cc', ['-c', '-o', object, source]);
    const { image, problems } = readElf(readFileSync(object));
    expect(problems).toEqual([]);
    expect(image?.sections.length).toBeGreaterThan(66_000);
    expect(image?.sections.find(({ name }) => name === '.t65999')?.size).toBe(1);
  });

  it('may be absent', () => {
    const bytes = readFileSync(plain);
    bytes.fill(0, 40, 48);
    bytes.fill(0, 60, 64);
    const { image, problems } = readElf(bytes);
    expect(problems).toEqual([]);
    expect(image?.sections).toEqual([]);
    expect(image?.symbols.map(({ name }) => name)).toContain('f');
    expect(image?.sizes.text).toBeGreaterThan(0);
  });
});
