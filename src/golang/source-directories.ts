import type { ElfImage } from '../elf/model.ts';
import type { GoMemory } from './memory.ts';

/** Magic numbers of Go's line table from Go 1.18 on (internal/abi/symtab.go). */
const MAGICS: readonly number[] = [0xfffffff0, 0xfffffff1];
const LONGEST_TABLE = 64 * 1024 * 1024;
const MOST_DIRECTORIES = 50_000;
const MOST_MODULES = 5000;
const MOST_LOOKED_AT = 1000;

/**
 * The directories of the Go source files that went into a binary, as the compiler recorded them: absolute paths, or import
 * paths with `@version` where it was built with -trimpath. From the table of file names in Go's line table, which stripping
 * leaves in place (runtime/symtab.go, pcHeader). Empty when it was not found.
 * @param lineTable its address, where moduledata tells
 */
export function readSourceDirectories(
  memory: GoMemory,
  image: ElfImage,
  lineTable: number | undefined,
): ReadonlySet<string> {
  const directories = new Set<string>();
  const table = fileTable(memory, image, lineTable);
  for (let at = 0; at < table.length && directories.size < MOST_DIRECTORIES; ) {
    const end = table.indexOf(0, at);
    if (end < 0) break;
    if (end > at && end - at < 4096) {
      const file = table.toString('utf8', at, end);
      const slash = file.lastIndexOf('/');
      if (slash > 0) directories.add(file.slice(0, slash));
    }
    at = end + 1;
  }
  return directories;
}

/** Files of the package runtime that every version of it has. */
const RUNTIME_FILE = 'runtime/proc.go';

/** Whether the standard library was compiled with -trimpath; undefined when its files were not found. */
export function readTrimmed(memory: GoMemory, image: ElfImage, lineTable: number | undefined): boolean | undefined {
  const table = fileTable(memory, image, lineTable);
  for (let at = -1; ; ) {
    at = table.indexOf(`${RUNTIME_FILE}\0`, at + 1, 'latin1');
    if (at < 0) return undefined;
    if (at === 0 || table[at - 1] === 0) return true;
    if (table.toString('latin1', Math.max(at - 5, 0), at) === '/src/') return false;
  }
}

/** The names of source files, each ended by a zero byte; empty when they were not found. */
function fileTable(memory: GoMemory, image: ElfImage, lineTable: number | undefined): Buffer {
  const none = Buffer.alloc(0);
  const section = image.sections.find(({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');
  const start = lineTable ?? section?.address;
  if (start === undefined) return none;
  if (!MAGICS.includes(memory.u32(start)) || memory.u8(start + 7) !== 8) return none;
  const files = start + memory.u64(start + 48);
  const size = start + memory.u64(start + 56) - files;
  return size > 0 && size <= LONGEST_TABLE ? memory.range(files, size) : none;
}

/**
 * The directory that a package was compiled in, with the parts that differ between machines; undefined when none or more
 * than one could be it.
 * @param path import path
 */
export function directoryOf(directories: ReadonlySet<string>, path: string): string | undefined {
  const candidates = byLastPart(directories).get(path.slice(path.lastIndexOf('/') + 1)) ?? [];
  if (candidates.length > MOST_CANDIDATES) return undefined;
  const found = candidates.filter((directory) => {
    const plain = importPathOf(directory);
    return plain === path || plain.endsWith(`/${path}`);
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The directory of a package of a module that was built where it lies, outside the module cache: one with the package's
 * path below the module, and no version in its name.
 * @param below the import path without that of the module, not empty
 */
export function localDirectoryOf(directories: ReadonlySet<string>, below: string): string | undefined {
  const candidates = byLastPart(directories).get(below.slice(below.lastIndexOf('/') + 1)) ?? [];
  if (candidates.length > MOST_CANDIDATES) return undefined;
  const found = candidates.filter((directory) => !directory.includes('@') && directory.endsWith(`/${below}`));
  return found.length === 1 ? found[0] : undefined;
}

/** Directories of one name; `internal` and the like have some tens. More decide nothing, and cost time for each package. */
const MOST_CANDIDATES = 500;
const indexes = new WeakMap<ReadonlySet<string>, ReadonlyMap<string, readonly string[]>>();

/** Made once for each binary: each package of a large host asks. */
function byLastPart(directories: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const known = indexes.get(directories);
  if (known !== undefined) return known;
  const index = new Map<string, string[]>();
  for (const directory of directories) {
    const path = importPathOf(directory);
    const last = path.slice(path.lastIndexOf('/') + 1);
    const list = index.get(last);
    if (list === undefined) index.set(last, [directory]);
    else list.push(directory);
  }
  indexes.set(directories, index);
  return index;
}

/** Without `@version`, and with capital letters in place of the module cache's `!x`. */
function importPathOf(directory: string): string {
  return directory.replace(/@[^/]+/g, '').replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Where modules that were downloaded lie: the part of their directories before the module's path. Undefined when no package of
 * such a module is known, or when they lie in several places.
 * @param path of a module that has a version
 */
export function moduleCacheOf(directories: ReadonlySet<string>, paths: Iterable<string>): string | undefined {
  const roots = new Set<string>();
  const known = [...paths].slice(0, MOST_MODULES);
  let looked = 0;
  for (const directory of directories) {
    // The places of a few are the places of all; two places decide nothing.
    if (roots.size > 1 || looked >= MOST_LOOKED_AT) break;
    const at = directory.indexOf('@');
    if (at < 0) continue;
    looked += 1;
    const path = importPathOf(directory.slice(0, at));
    const module = known.find((candidate) => path.endsWith(`/${candidate}`));
    if (module !== undefined) roots.add(path.slice(0, -module.length - 1));
  }
  const [root] = roots;
  return roots.size === 1 ? root : undefined;
}
