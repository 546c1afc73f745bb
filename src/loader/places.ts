import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ElfImage } from '../elf/model.ts';

/** What the C libraries, and what libraries read when they start, whatever plugin brought them along. */
const SYSTEM_PLACES = [
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/usr/libx32',
  '/usr/local/lib',
  '/usr/local/lib64',
  '/usr/share/locale',
  '/usr/share/zoneinfo',
  '/etc/ld.so.cache',
  '/etc/ld.so.preload',
  '/etc/localtime',
  '/etc/selinux/config',
  '/etc/ssl/openssl.cnf',
  '/dev/null',
  '/dev/zero',
  '/dev/random',
  '/dev/urandom',
  '/proc/cpuinfo',
  '/proc/filesystems',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/sys/kernel',
  '/proc/sys/vm',
  '/sys/devices/system/cpu',
  '/sys/devices/system/node',
  '/sys/fs/cgroup',
  '/sys/kernel/mm/transparent_hugepage',
];

/** Of these, the libraries' own, as maps and reports name them: real paths, with the directories of each architecture. */
export function libraryDirectories(): readonly string[] {
  const plain = [...SYSTEM_PLACES.filter((place) => /\/libx?(32|64)?$/.test(place)), ...configuredDirectories()];
  const triplets = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((name) => [`/usr/lib/${name}`, `/lib/${name}`]);
  return [...new Set([...triplets, ...plain].map(realOf))];
}

const MOST_ENTRIES = 500;

/** What stands beside the plugin, in the terms of a load request. */
export interface Surroundings {
  readonly image: ElfImage;
  readonly directory?: string;
  readonly libraryPath?: readonly string[];
}

/**
 * What a plugin may read: the system's libraries, its own directory, and the libraries that its search path names. A search
 * path is the plugin's own word, so of the directories in it only ELF files count.
 * @returns absolute paths that exist
 */
export function readablePlaces({ image, directory, libraryPath = [] }: Surroundings): readonly string[] {
  const own = directory === undefined ? [] : ownPlaces(resolve(directory));
  const searched = [image.dynamic.rpath, image.dynamic.runpath]
    .flatMap((path) => path?.split(':') ?? [])
    .filter((entry) => entry.startsWith('/'))
    .flatMap((entry) => image.dynamic.needed.map((name) => join(entry, name)))
    .filter(isElfFile);
  const places = [...SYSTEM_PLACES, ...configuredDirectories(), ...libraryPath.map((path) => resolve(path)), ...own];
  return [...new Set([...places, ...searched])].filter((place) => existsSync(place));
}

/**
 * The plugin's directory as a whole; but not a home or a checkout, where keys and tokens lie: of those, what is not hidden.
 * Of the directory above, the libraries.
 */
function ownPlaces(directory: string): readonly string[] {
  const real = realOf(directory);
  const beside = isPrivate(real)
    ? namesIn(real)
        .filter((name) => !name.startsWith('.'))
        .map((name) => join(real, name))
    : [real];
  const parent = dirname(real);
  if (SYSTEM_PLACES.some((place) => `${parent}/`.startsWith(`${place}/`))) return beside;
  const above = namesIn(parent)
    .filter((name) => /^lib(s|32|64)?$/.test(name) || name.includes('.so'))
    .map((name) => join(parent, name))
    .filter((path) => !path.includes('.so') || isElfFile(path));
  return [...beside, ...above];
}

function isPrivate(directory: string): boolean {
  const home = realOf(homedir());
  return directory === '/' || `${home}/`.startsWith(`${directory}/`) || existsSync(join(directory, '.git'));
}

/** Directories that the system's administrator added: ld.so.conf(5). */
function configuredDirectories(): readonly string[] {
  const files = ['/etc/ld.so.conf', ...namesIn('/etc/ld.so.conf.d').map((name) => join('/etc/ld.so.conf.d', name))];
  return files
    .flatMap((file) => textOf(file).split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/') && line !== '/');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** A path without links; itself when it does not exist. */
export function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).slice(0, MOST_ENTRIES);
  } catch {
    return [];
  }
}

function isElfFile(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const magic = Buffer.alloc(4);
      return readSync(descriptor, magic, 0, 4, 0) === 4 && magic.equals(Buffer.from('\x7fELF', 'latin1'));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}
