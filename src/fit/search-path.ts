import { dirname, resolve } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Asker, LoadableFile } from './model.ts';

export interface SearchDirectories {
  /** Searched like LD_LIBRARY_PATH: behind RPATH, before RUNPATH. */
  readonly given: readonly string[];
  /** Of the system: from its ld.so.conf and the built-in ones. */
  readonly system: readonly string[];
}

/** A directory to search; those of the system and those with absolute paths lie in the root of the target. */
export interface SearchDirectory {
  readonly path: string;
  /** From `$ORIGIN` or given by the user, so already a path of this machine. */
  readonly local: boolean;
  readonly system: boolean;
}

const MOST_DIRECTORIES = 200;
/** Characters of one search path; a path name has 4096 at most. */
const LONGEST_PATH = 65_536;

/**
 * The directories in which a needed library is searched, in order. DT_RPATH of the file and of those that had it loaded
 * count only where the file has no DT_RUNPATH; RUNPATH counts for the file's own needs alone. Source: ld.so(8), glibc
 * elf/dl-load.c (_dl_map_object).
 */
export function searchDirectories(asker: Asker, directories: SearchDirectories): readonly SearchDirectory[] {
  const { file, loaders } = asker;
  const found: SearchDirectory[] = [];
  const { runpath } = file.image.dynamic;
  if (runpath === undefined) {
    for (const owner of [file, ...loaders]) {
      // A loader with RUNPATH has its RPATH ignored.
      if (owner.image.dynamic.runpath === undefined) found.push(...expanded(owner.image.dynamic.rpath, owner));
    }
  }
  found.push(...directories.given.map((path) => ({ path, local: true, system: false })));
  if (runpath !== undefined) found.push(...expanded(runpath, file));
  if (!file.image.dynamic.flags1.includes('NODEFLIB')) {
    found.push(...directories.system.map((path) => ({ path, local: false, system: true })));
  }
  return found.slice(0, MOST_DIRECTORIES);
}

/** A colon-separated search path with its tokens replaced. */
function expanded(path: string | undefined, owner: LoadableFile): SearchDirectory[] {
  if (path === undefined || path === '') return [];
  const entries = path.slice(0, LONGEST_PATH).split(':').slice(0, MOST_DIRECTORIES);
  return entries.flatMap((entry) => {
    const local = usesOrigin(entry);
    return entry === '' ? [] : expandTokens(entry, owner).map((name) => ({ path: name, local, system: false }));
  });
}

/** Whether a path stands relative to the file that has it. */
export function usesOrigin(path: string): boolean {
  return /\$(?:ORIGIN\b|\{ORIGIN\})/.test(path);
}

/**
 * A path of the dynamic section with $ORIGIN and $LIB replaced; two paths where `$LIB` can mean two directories, none with
 * $PLATFORM, which depends on the processor. Source: ld.so(8), Rpath token expansion.
 */
export function expandTokens(path: string, owner: LoadableFile): readonly string[] {
  const origin = path.replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => dirname(resolve(owner.file)));
  if (/\$(?:PLATFORM\b|\{PLATFORM\})/.test(origin)) return [];
  const lib = /\$(?:LIB\b|\{LIB\})/;
  if (!lib.test(origin)) return [origin];
  return libraryNames(owner.image).map((name) => origin.replace(new RegExp(lib, 'g'), name));
}

/** What `$LIB` stands for: Debian's multiarch directory, or that of other systems. */
function libraryNames(image: ElfImage): readonly string[] {
  const triple = multiarch(image);
  const plain = image.header.class === 64 ? 'lib64' : 'lib';
  return triple === undefined ? [plain] : [`lib/${triple}`, plain];
}

const TRIPLES: Readonly<Record<string, string>> = {
  'x86-64': 'x86_64-linux-gnu',
  aarch64: 'aarch64-linux-gnu',
  i386: 'i386-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  riscv: 'riscv64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  s390x: 's390x-linux-gnu',
};

function multiarch({ header }: ElfImage): string | undefined {
  return TRIPLES[header.machine];
}

/**
 * Directories that loaders search without configuration: glibc's of most distributions, and musl's. Last comes where
 * Debian keeps the C libraries of other machines (libc6-arm64-cross), which emulators are pointed to.
 */
export function builtInDirectories(image: ElfImage): readonly string[] {
  const triple = multiarch(image);
  const multi = triple === undefined ? [] : [`/lib/${triple}`, `/usr/lib/${triple}`];
  const wide = image.header.class === 64 ? ['/lib64', '/usr/lib64'] : [];
  const cross = triple === undefined ? [] : [`/usr/${triple}/lib`];
  return [...multi, ...wide, '/lib', '/usr/lib', '/usr/local/lib', ...cross];
}
