import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readElf } from '../../src/elf/read.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { dynamicEntries } from './bytes.ts';

/**
 * Symbols that are listed and that no dlsym finds, or that lead nowhere: every tool that prints the symbol table shows
 * them as exported. What dlsym makes of each file here is asked of dlsym itself.
 */

const directory = workspace();
const SOURCE =
  'int first(void) { return 1; } int second(void) { return 2; } int third(void) { return 3; } int data = 4;';
const PROGRAM = `#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  void *plugin = dlopen(argv[1], RTLD_NOW);
  if (!plugin) { puts(dlerror()); return 2; }
  for (int i = 2; i < argc; i++) puts(dlsym(plugin, argv[i]) ? argv[i] : "-");
  return 0;
}`;
const NAMES = ['first', 'second', 'third', 'data'];

function build(style: string): string {
  return compileC(directory, `plain-${style}`, SOURCE, [`-Wl,--hash-style=${style}`]);
}

function found(file: string): string[] {
  const lines = execFileSync(join(directory, 'ask'), [file, ...NAMES], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => NAMES.includes(line));
}

function messages(file: Uint8Array): string {
  return readElf(file)
    .problems.map(({ message }) => message)
    .join('\n');
}

/** A copy of a file with changes, made by a function that knows where the tables are. */
function altered(
  original: string,
  name: string,
  change: (view: DataView, at: (tag: number) => number, symbol: (name: string) => number) => void,
): { readonly file: string; readonly bytes: Buffer } {
  const file = join(directory, `${name}.so`);
  const bytes = readFileSync(original);
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error('the compiler made no ELF file');
  // All tables lie in the first segment, where addresses are offsets.
  const entries = dynamicEntries(new Uint8Array(bytes), image);
  const at = (tag: number) => entries.find((entry) => entry.tag === tag)?.value ?? 0;
  const symbol = (wanted: string) => {
    for (let offset = at(6); offset < at(5); offset += 24) {
      const start = at(5) + bytes.readUInt32LE(offset);
      if (bytes.toString('latin1', start, bytes.indexOf(0, start)) === wanted) return offset;
    }
    throw new Error(`no symbol ${wanted}`);
  };
  change(new DataView(bytes.buffer, bytes.byteOffset), at, symbol);
  writeFileSync(file, bytes);
  return { file, bytes };
}

const GNU_HASH = 0x6ffffef5;
const HASH = 4;

describeWith(['cc'], 'symbols that are looked up by name', () => {
  writeFileSync(join(directory, 'ask.c'), PROGRAM);
  execFileSync('cc', ['-o', join(directory, 'ask'), join(directory, 'ask.c'), '-ldl'], { stdio: 'pipe' });

  it.each(['gnu', 'sysv', 'both'])('are all found in a file of the linker: --hash-style=%s', (style) => {
    const file = build(style);
    expect(found(file)).toEqual(NAMES);
    expect(messages(readFileSync(file))).toBe('');
  });

  it.each([
    [
      'an empty bloom filter',
      'gnu',
      (view: DataView, table: number) => {
        for (let n = 0; n < view.getUint32(table + 8, true); n++) view.setBigUint64(table + 16 + 8 * n, 0n, true);
      },
    ],
    [
      'empty buckets',
      'gnu',
      (view: DataView, table: number) => {
        const buckets = table + 16 + 8 * view.getUint32(table + 8, true);
        for (let n = 0; n < view.getUint32(table, true); n++) view.setUint32(buckets + 4 * n, 0, true);
      },
    ],
    ['no bucket at all', 'gnu', (view: DataView, table: number) => view.setUint32(table, 0, true)],
    [
      'empty lists of the old form',
      'sysv',
      (view: DataView, table: number) => {
        for (let n = 0; n < view.getUint32(table, true); n++) view.setUint32(table + 8 + 4 * n, 0, true);
      },
    ],
  ] as const)('are not found with %s', (name, style, change) => {
    const { file, bytes } = altered(build(style), name.replaceAll(' ', '-'), (view, at) =>
      change(view, at(style === 'gnu' ? GNU_HASH : HASH)),
    );
    expect(found(file)).toEqual([]);
    expect(messages(bytes)).toMatch(/4 more|and 1 more/);
    expect(messages(bytes)).toContain('cannot find them through the hash table');
  });

  it('are not found under a name that the table was not made for', () => {
    const { file, bytes } = altered(build('gnu'), 'renamed', (view, at, symbol) => {
      const start = at(5) + view.getUint32(symbol('second'), true);
      view.setUint8(start, 'x'.charCodeAt(0));
    });
    expect(found(file)).toEqual(['first', 'third', 'data']);
    expect(messages(bytes)).toContain('exports xecond, but the dynamic loader cannot find it');
  });

  it.each([
    ['of a binding that the loader does not know', 4, 0xe2],
    ['of the type section', 4, 0x13],
    ['of the type file', 4, 0x14],
    ['of a type that the loader does not know', 4, 0x1d],
  ])('are not exported %s', (name, field, value) => {
    const { file, bytes } = altered(build('gnu'), name.replaceAll(' ', '-'), (view, _, symbol) =>
      view.setUint8(symbol('second') + field, value),
    );
    expect(found(file)).toEqual(['first', 'third', 'data']);
    expect(readElf(bytes).image?.symbols.map((symbol) => symbol.name)).not.toContain('second');
  });

  it('are not exported at address 0', () => {
    const { file, bytes } = altered(build('gnu'), 'zero', (view, _, symbol) =>
      view.setBigUint64(symbol('second') + 8, 0n, true),
    );
    expect(found(file)).toEqual(['first', 'third', 'data']);
    expect(readElf(bytes).image?.symbols.map((symbol) => symbol.name)).not.toContain('second');
  });

  it.each([
    ['nowhere', 8, 0x7fff_ffff_0000n],
    ['in the symbol table', 8, 0x300n],
  ])('lead to code, not %s', (name, field, value) => {
    const { file, bytes } = altered(build('gnu'), name.replaceAll(' ', '-'), (view, _, symbol) =>
      view.setBigUint64(symbol('second') + field, value, true),
    );
    // The loader does not mind: the first call crashes.
    expect(found(file)).toEqual(NAMES);
    expect(messages(bytes)).toContain('second: exported as function but does not lie in code');
  });
});
