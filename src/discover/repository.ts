import { closeSync, constants, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../config/error-code.ts';
import { EnvironmentError } from '../errors.ts';

/** The files of a repository, as far as they are looked at. Paths are relative, with `/`. */
export interface Repository {
  readonly files: readonly string[];
  /** Text of a file, at most 256 KiB of it; empty where it cannot be read. */
  readonly read: (path: string) => string;
  /** First bytes of a file. */
  readonly head: (path: string, bytes: number) => Buffer;
  /** Whether the search stopped at a limit. */
  readonly cut: boolean;
}

const MAX_FILES = 20_000;
const MAX_DEPTH = 10;
const MAX_TEXT = 256 * 1024;

/** Directories of other people's code, and of what tools wrote. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'vendor', 'third_party', 'testdata', '__pycache__']);
/** Hidden directories that hold builds. */
const HIDDEN = new Set(['.github', '.circleci']);

/**
 * Lists a repository without following symbolic links, so that the search stays inside and ends.
 * @param root absolute path
 * @throws EnvironmentError when the directory itself cannot be read
 */
export function openRepository(root: string): Repository {
  const files: string[] = [];
  let cut = false;
  const open: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const entry of entriesOf(join(root, next.path), next.path === '')) {
      const path = next.path === '' ? entry.name : `${next.path}/${entry.name}`;
      if (entry.isDirectory()) {
        const hidden = entry.name.startsWith('.') && !HIDDEN.has(entry.name);
        if (hidden || LEFT_OUT.has(entry.name)) continue;
        if (next.depth >= MAX_DEPTH) cut = true;
        else open.push({ path, depth: next.depth + 1 });
      } else if (entry.isFile()) {
        if (files.length >= MAX_FILES) return { files, read, head, cut: true };
        files.push(path);
      }
    }
  }
  return { files, read, head, cut };

  function head(path: string, bytes: number): Buffer {
    return firstBytes(join(root, path), bytes);
  }
  function read(path: string): string {
    return head(path, MAX_TEXT).toString('utf8');
  }
}

function entriesOf(directory: string, isRoot: boolean) {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (!isRoot) return [];
    throw new EnvironmentError(`${directory}: cannot be listed (${errorCode(error)}).`);
  }
}

function firstBytes(path: string, limit: number): Buffer {
  let descriptor: number | undefined;
  try {
    const size = Math.min(lstatSync(path).size, limit);
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Directory of a path; `.` for the root. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/** Last part of a path. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A path that a build file names, seen from the root; undefined when it leads outside. */
export function pathIn(directory: string, path: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${directory}/${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return path.startsWith('/') ? undefined : parts.length === 0 ? '.' : parts.join('/');
}

/** The outermost directory from which this one is reached without a gap in files of one name. */
export function outermost(directory: string, files: readonly string[], name: string): string {
  let top = directory;
  while (top !== '.') {
    const parent = directoryOf(top);
    if (!files.includes(parent === '.' ? name : `${parent}/${name}`)) break;
    top = parent;
  }
  return top;
}

/** The lines of a makefile or script with those that end in a backslash joined, each with its number (1-based). */
export function logicalLines(text: string): { readonly text: string; readonly line: number }[] {
  const joined: { text: string; readonly line: number }[] = [];
  let continued = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const row = raw.replace(/\r$/, '');
    const continues = row.endsWith('\\');
    const part = continues ? `${row.slice(0, -1)} ` : row;
    const last = joined.at(-1);
    if (continued && last !== undefined) last.text += part;
    else joined.push({ text: part, line: index + 1 });
    continued = continues;
  }
  return joined;
}
