import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ElfImage } from '../../src/elf/model.ts';
import { type OpenElf, openElf } from '../../src/elf/open.ts';
import { readElf } from '../../src/elf/read.ts';

/** Libraries with many symbols and versions, with few, and a program. */
const FILES = [
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/aarch64-linux-gnu/libc.so.6',
  '/usr/lib/x86_64-linux-gnu/libstdc++.so.6',
  '/usr/aarch64-linux-gnu/lib/libc.so.6',
  '/usr/s390x-linux-gnu/lib/libc.so.6',
  '/bin/bash',
].filter((file) => existsSync(file));

function opened(bytes: Uint8Array): { readonly open: OpenElf; readonly read: () => number } {
  let count = 0;
  const open = openElf(bytes.length, (buffer, offset, length, position) => {
    const part = bytes.subarray(position, position + length);
    buffer.set(part, offset);
    count += part.length;
    return part.length;
  });
  if (!('image' in open)) throw new Error(open.problems[0]?.message);
  return { open, read: () => count };
}

function whole(bytes: Uint8Array): ElfImage {
  const { image } = readElf(bytes);
  if (image === undefined) throw new Error('no ELF file');
  return image;
}

describe.each(FILES)('%s', (file) => {
  const bytes = readFileSync(file);

  it('is the same, read piece by piece', () => {
    const { image } = opened(bytes).open;
    const { undefined: missing, ...expected } = whole(bytes);
    const { undefined: found, ...rest } = { ...image };
    expect(rest).toEqual(expected);
    expect(found).toEqual(missing);
  });

  it('has each symbol under its name', () => {
    const { find } = opened(bytes).open;
    const { symbols } = whole(bytes);
    for (const symbol of symbols.filter((_, at) => at % 7 === 0)) {
      const same = symbols.filter(({ name }) => name === symbol.name);
      expect(new Set(find?.(symbol.name))).toEqual(new Set(same));
    }
    expect(find?.('no_such_symbol')).toEqual([]);
    expect(find?.('')).toEqual([]);
  });

  it('costs little to be opened and asked for a name', () => {
    const { open, read } = opened(bytes);
    expect(open.find?.('malloc') ?? []).toEqual(whole(bytes).symbols.filter(({ name }) => name === 'malloc'));
    expect(read()).toBeLessThan(300_000);
  });
});

describe('a file that is read piece by piece', () => {
  const bytes = readFileSync(FILES[0] ?? '/bin/sh');

  it('may be cut or edited anywhere', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % below;
    };
    for (let round = 0; round < 60; round += 1) {
      const edited = Buffer.from(bytes.subarray(0, round % 2 === 0 ? bytes.length : random(bytes.length)));
      for (let count = 0; count < 3000; count += 1) edited[random(Math.min(edited.length, 300_000))] = random(256);
      bytes.copy(edited, 0, 0, 64);
      const open = openElf(edited.length, (buffer, offset, length, position) =>
        edited.copy(buffer, offset, position, position + length),
      );
      if (!('image' in open)) continue;
      open.find?.('malloc');
      JSON.stringify(open.image);
    }
  });

  it('may become shorter while it is read', () => {
    const descriptor = openSync(FILES[0] ?? '/bin/sh', 'r');
    const open = openElf(bytes.length, (buffer, offset, length, position) =>
      position > 100_000 ? 0 : readSync(descriptor, buffer, offset, length, position),
    );
    closeSync(descriptor);
    if (!('image' in open)) throw new Error('the header was there');
    // The descriptor is closed: what was not read before is a fault of the caller, and not of the file.
    expect(open.image.header.type).toBe('dyn');
    expect(open.find?.('no_such_symbol') ?? []).toEqual([]);
  });

  it.each([
    ['empty', '', 'empty'],
    ['text', 'hello, world, this is no ELF file but a text that goes on for a while and then ends here\n', 'text file'],
    ['cut', '\x7fELF\x02\x01\x01', 'ends inside the ELF header'],
  ])('is refused when it is %s', (_, text, message) => {
    const content = Buffer.from(text, 'latin1');
    const open = openElf(content.length, (buffer, offset, length, position) =>
      content.copy(buffer, offset, position, position + length),
    );
    expect('image' in open).toBe(false);
    expect(open.problems[0]?.message).toContain(message);
  });
});
