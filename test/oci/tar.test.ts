import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Budget } from '../../src/oci/decompress.ts';
import { lookInLayer } from '../../src/oci/layers.ts';
import { OCI_LIMITS } from '../../src/oci/limits.ts';
import { TarReader } from '../../src/oci/tar.ts';
import { describeWith } from '../support/needs.ts';
import { type Entry, pax, tar } from '../support/tar.ts';
import { workspace } from '../support/workspace.ts';

/** What a layer says about a path, in a word or the message of the refusal. */
async function look(layer: Uint8Array, path = 'a.so', count = { entries: 0 }): Promise<string> {
  try {
    const seen = await lookInLayer(layer, path, new Budget(), count);
    return seen.kind === 'file' ? seen.bytes.toString() : seen.kind;
  } catch (error) {
    return error instanceof Error ? error.message : 'thrown';
  }
}

describeWith(['tar'], 'archives that the real tar makes', () => {
  const directory = workspace();
  const long = `${'very-long-directory-name/'.repeat(6)}and-a-file-name-that-is-long-too-${'x'.repeat(40)}.so`;
  const files: Readonly<Record<string, string>> = {
    'a.so': 'short',
    [long]: 'long',
    'b/c.so': 'x'.repeat(5000),
    empty: '',
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, 'in', path)), { recursive: true });
    writeFileSync(join(directory, 'in', path), content);
  }
  symlinkSync('a.so', join(directory, 'in', 'link.so'));
  const make = (format: string, ...more: readonly string[]) =>
    execFileSync('tar', ['-C', join(directory, 'in'), `--format=${format}`, ...more, '-cf', '-', '.'], {
      maxBuffer: 1 << 24,
    });

  it.each(['pax', 'gnu', 'posix'])('in the format %s: every file, also with a long name', async (format) => {
    const archive = make(format);
    for (const [path, content] of Object.entries(files)) expect(await look(archive, path)).toBe(content);
    expect(await look(archive, 'link.so')).toMatch(/is a link in the image/);
    expect(await look(archive, 'none')).toBe('nothing');
  });

  it('in the format ustar, with the prefix of a name in a field of its own', async () => {
    const archive = make('ustar');
    for (const [path, content] of Object.entries(files)) expect(await look(archive, path)).toBe(content);
  });

  it('lists what tar lists, with the same content', () => {
    const archive = make('pax', '--sort=name');
    const seen: string[] = [];
    const reader = new TarReader(
      ({ path, kind }) => {
        if (kind !== 'file') return undefined;
        const hash = createHash('sha256');
        seen.push(path);
        return (piece) => void hash.update(piece);
      },
      { entries: 0 },
    );
    for (let at = 0; at < archive.length; at += 777) reader.push(archive.subarray(at, at + 777));
    reader.end();
    expect(seen.sort()).toEqual(Object.keys(files).sort());
  });
});

describe('headers that two programs could read in two ways', () => {
  const A: Entry = { name: 'a.so', content: 'content' };

  it('a path and a size in an extended header count', async () => {
    expect(await look(tar(pax([['path', 'a.so']]), { name: 'x', content: 'here' }))).toBe('here');
    expect(await look(tar(pax([['size', '4']]), { name: 'a.so', content: 'here', size: 9 }))).toBe('here');
    expect(
      await look(
        tar(
          pax([
            ['mtime', '1'],
            ['SCHILY.xattr.a', '=\n='],
          ]),
          A,
        ),
      ),
    ).toBe('content');
  });

  it.each<readonly [string, readonly Entry[], RegExp]>([
    [
      'a path twice',
      [
        pax([
          ['path', 'a'],
          ['path', 'a.so'],
        ]),
        A,
      ],
      /gives path twice/,
    ],
    ['a path that leads out', [pax([['path', '../a.so']]), A], /leads out of the image/],
    ['a size that is none', [pax([['size', '-1']]), A], /gives no size/],
    ['a record that is cut', [{ name: 'p', type: 'x', content: '99 path=a.so\n' }, A], /extended header is damaged/],
    ['a record without length', [{ name: 'p', type: 'x', content: 'path=a.so\n' }, A], /extended header is damaged/],
    ['one path for all', [{ name: 'p', type: 'g', content: '13 path=a.so\n' }, A], /gives all of its entries one path/],
    ['a sparse file', [pax([['GNU.sparse.major', '1']]), A], /sparse files/],
    ['a huge extended header', [{ name: 'p', type: 'x', size: 2 * 1024 * 1024 }, A], /An extended header/],
    ['a path with a NUL', [pax([['path', 'a.so\0b']]), A], /leads out of the image/],
    ['a very long path', [pax([['path', `${'x/'.repeat(3000)}a.so`]]), A], /path of 6004 characters/],
  ])('%s', async (_, entries, why) => {
    expect(await look(tar(...entries))).toMatch(why);
  });

  it('a wrong checksum, a number that is none, an entry behind the end', async () => {
    const changed = tar(A);
    changed[0] = 0x62;
    expect(await look(changed)).toMatch(/checksum of a header is wrong/);
    const noNumber = tar(A);
    noNumber.write('9z', 124);
    expect(await look(noNumber)).toMatch(/checksum|number in a header/);
    const behind = Buffer.concat([tar({ name: 'b', content: '' }).subarray(0, 1024), tar(A)]);
    expect(await look(behind)).toMatch(/an entry behind its end/);
  });

  it('cut at any block, and without an end', async () => {
    const whole = tar({ name: 'b', content: 'x'.repeat(700) }, A);
    for (let end = 512; end < whole.length - 1024; end += 512)
      expect(await look(whole.subarray(0, end))).toMatch(/it is cut/);
    expect(await look(whole.subarray(0, whole.length - 512))).toBe('content');
  });

  it('a file larger than is read, and more entries than are counted', async () => {
    expect(await look(tar({ name: 'a.so', size: OCI_LIMITS.blobBytes + 1 }))).toMatch(/at most \d+ are read/);
    expect(await look(tar(A), 'a.so', { entries: OCI_LIMITS.entries })).toMatch(/hold more than \d+ entries/);
  });
});

describe('a budget over all layers', () => {
  it('ends where the sum is too large, or one layer grows too much', () => {
    const budget = new Budget(1000);
    budget.take(600, 600, 600);
    expect(() => budget.take(600, 600, 600)).toThrow('unpack to more than');
    const large = new Budget();
    const out = OCI_LIMITS.smallLayer + 1;
    expect(() => large.take(out, out, out)).not.toThrow();
    expect(() => large.take(1, out, Math.floor(out / OCI_LIMITS.ratio) - 1)).toThrow('200 times');
  });
});
