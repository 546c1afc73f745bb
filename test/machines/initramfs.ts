import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A file, directory or link of an initramfs. */
export interface Entry {
  /** Without a leading slash. */
  readonly path: string;
  /** File type and permissions, as in stat(2). */
  readonly mode: number;
  /** Of a link: where it leads. */
  readonly content?: Uint8Array;
}

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const PLAIN = 0o100644;
const LINK = 0o120777;

export function program(path: string, content: Uint8Array): Entry {
  return { path, mode: PROGRAM, content };
}

export function text(path: string, content: string): Entry {
  return { path, mode: PLAIN, content: Buffer.from(content) };
}

function link(path: string, to: string): Entry {
  return { path, mode: LINK, content: Buffer.from(to) };
}

/** /lib and its like lead into /usr, as they do on an installed system. */
export const MERGED: readonly Entry[] = ['lib', 'lib64'].map((name) => link(name, `usr/${name}`));

/** What plugins need of the C and C++ run time. */
const LIBRARY = /^(ld-linux|ld-musl|ld-2|lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+)[.-]).*\bso\b/;

/**
 * The C and C++ libraries below a root, at their places.
 * @param directories the places to look in, relative to the root
 */
export function librariesOf(root: string, directories: readonly string[]): readonly Entry[] {
  return directories.flatMap((directory) => {
    let names: readonly string[] = [];
    try {
      names = readdirSync(join(root, directory));
    } catch {
      return []; // Not every C library has every directory.
    }
    return names.filter((name) => LIBRARY.test(basename(name))).flatMap((name) => entryOf(root, join(directory, name)));
  });
}

function entryOf(root: string, path: string): readonly Entry[] {
  const file = join(root, path);
  const status = lstatSync(file);
  const merged = path.replace(/^lib/, 'usr/lib');
  if (status.isSymbolicLink()) return [link(merged, readlinkSync(file))];
  return status.isFile() ? [program(merged, readFileSync(file))] : [];
}

/** An initramfs (cpio, "newc"; kernel documentation, early-userspace/buffer-format) with the directories that the entries need. */
export function initramfs(entries: readonly Entry[]): Uint8Array {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (!all.has(path)) all.set(path, { path, mode: DIRECTORY });
    }
    all.set(entry.path, entry);
  }
  const records = [...all.values()].map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...records, record({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function record({ path, mode, content = new Uint8Array() }: Entry, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([head, name])), padded(content)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
