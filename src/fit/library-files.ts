import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { matchesGlob } from '../compare/glob.ts';
import { targetMismatch } from '../compare/identity.ts';
import type { ElfImage } from '../elf/model.ts';
import { type OpenElf, openElf } from '../elf/open.ts';
import type { ReadAt } from '../elf/paged.ts';
import type { FindLibrary, LoadableFile } from './model.ts';
import { builtInDirectories, expandTokens, searchDirectories, usesOrigin } from './search-path.ts';

export interface LibraryPlaces {
  /** Root of the target system; `/` unless given. */
  readonly root?: string;
  /** Directories that are searched before those of the system, paths of this machine. */
  readonly directories?: readonly string[];
  /** Which libraries may be taken from the directories of the system; all unless given. */
  readonly fromSystem?: (name: string) => boolean;
}

const MOST_LINKS = 16;
const MOST_CONF_FILES = 100;

/**
 * Looks for libraries on disk as the dynamic loader does, without running anything. A file of another machine is passed
 * over, as the loader does.
 * @param first a file of the process, for the machine and the built-in directories
 */
export function libraryFinder(first: ElfImage, places: LibraryPlaces = {}): FindLibrary {
  const root = places.root ?? '/';
  const read = new Map<string, LoadableFile | undefined>();
  const load = (path: string): LoadableFile | undefined => {
    if (!read.has(path)) read.set(path, readLibrary(path, first));
    return read.get(path);
  };
  const directories = {
    given: places.directories ?? [],
    system: [...new Set([...configuredDirectories(root), ...builtInDirectories(first)])],
  };
  return (name, asker) => {
    if (name.includes('/')) {
      // The loader expands tokens in DT_NEEDED too; a relative path means the working directory of the host.
      const paths = expandTokens(name, asker.file).map((path) =>
        usesOrigin(name) ? path : isAbsolute(path) ? inRoot(root, path) : resolve(path),
      );
      return firstOf(paths, load);
    }
    if (name === '' || name.includes('\0')) return undefined;
    for (const { path, local, system } of searchDirectories(asker, directories)) {
      if (system && places.fromSystem?.(name) === false) continue;
      const found = load(local ? join(path, name) : inRoot(root, join(path, name)));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function firstOf(paths: readonly string[], load: (path: string) => LoadableFile | undefined): LoadableFile | undefined {
  for (const path of paths) {
    const found = load(path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readLibrary(path: string, like: ElfImage): LoadableFile | undefined {
  const open = openLibrary(path);
  if (open === undefined || targetMismatch(open.image.header, like.header) !== undefined) return undefined;
  const { image, find } = open;
  return { file: path, image, ...(find === undefined ? {} : { find }) };
}

/** Reads only what is asked for; undefined when the file is missing or no ELF file. */
function openLibrary(path: string): OpenElf | undefined {
  try {
    // A pipe or a device would block at open, or do something.
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || stat.size === 0) return undefined;
    const open = openElf(stat.size, readAnew(path, stat));
    return 'image' in open ? open : undefined;
  } catch {
    return undefined; // unreadable is not found, as for the loader
  }
}

/**
 * Reads a file that is opened for each piece: nobody tells when a library will not be asked any more, and a process may
 * have hundreds. A file that was replaced since is not read.
 */
function readAnew(path: string, { dev, ino, size, mtimeMs }: Stats): ReadAt {
  return (buffer, offset, length, position) => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const now = fstatSync(descriptor);
      const same = now.dev === dev && now.ino === ino && now.size === size && now.mtimeMs === mtimeMs;
      return same ? readSync(descriptor, buffer, offset, length, position) : 0;
    } finally {
      closeSync(descriptor);
    }
  };
}

/** A path of the target as a path of this machine; absolute links stay inside the root. */
function inRoot(root: string, path: string): string {
  if (root === '/') return path;
  let now = path;
  for (let count = 0; count < MOST_LINKS; count += 1) {
    const link = linkTarget(join(root, now));
    if (link === undefined) break;
    now = isAbsolute(link) ? link : join(dirname(now), link);
  }
  return join(root, now);
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Directories of /etc/ld.so.conf and its includes. Source: ldconfig(8). */
function configuredDirectories(root: string): readonly string[] {
  const directories: string[] = [];
  const waiting = ['/etc/ld.so.conf'];
  const seen = new Set<string>();
  for (let file = waiting.shift(); file !== undefined && seen.size < MOST_CONF_FILES; file = waiting.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const line of readText(inRoot(root, file)).split('\n')) {
      const text = line.replace(/#.*/, '').trim();
      const include = /^include\s+(.+)$/.exec(text)?.[1];
      if (include !== undefined) {
        for (const pattern of include.split(/\s+/)) waiting.push(...included(root, resolve(dirname(file), pattern)));
      } else if (text.startsWith('/')) {
        directories.push(...text.split(/[\s:,]+/).map((entry) => entry.replace(/=.*/, '')));
      }
    }
  }
  return directories;
}

function included(root: string, pattern: string): string[] {
  try {
    const names = readdirSync(inRoot(root, dirname(pattern))).sort();
    const last = pattern.slice(pattern.lastIndexOf('/') + 1);
    return names.filter((name) => matchesGlob(last, name)).map((name) => join(dirname(pattern), name));
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').slice(0, 1_000_000);
  } catch {
    return '';
  }
}
