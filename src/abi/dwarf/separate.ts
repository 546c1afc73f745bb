import { basename, dirname, join } from 'node:path';
import * as zlib from 'node:zlib';
import type { FileBytes } from '../../dwarf/sections.ts';
import type { ElfImage } from '../../elf/model.ts';
import type { DebugSearch } from './open.ts';
import type { OpenedElf, OpenFiles } from './open-files.ts';

export const SYSTEM_DEBUG = '/usr/lib/debug';

/**
 * The separate debug file of a stripped file, by build id or by debug link.
 * @param others receives the paths of files that were found under its name and do not fit
 */
export function findSeparate(
  image: ElfImage,
  search: DebugSearch,
  files: OpenFiles,
  others: string[] = [],
): OpenedElf | undefined {
  return findByBuildId(image, search, files, others) ?? findByDebugLink(image, search, files, others);
}

/** Where a file with a build id lies below a debug directory (GDB manual, separate debug files). */
export function buildIdPath(directory: string, id: string): string {
  return join(directory, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
}

function findByBuildId(
  image: ElfImage,
  search: DebugSearch,
  files: OpenFiles,
  others: string[],
): OpenedElf | undefined {
  const id = image.notes.buildId;
  if (id === undefined || id.length < 4) return undefined;
  for (const directory of [...search.directories, SYSTEM_DEBUG]) {
    const found = files.elf(buildIdPath(directory, id));
    // The id in the path is what the name promises; the one in the file is what counts.
    if (found?.image.notes.buildId === id && found.image.debug.dwarf) return found;
    if (found !== undefined && found.path !== search.file) others.push(found.path);
    found?.close();
  }
  return undefined;
}

function findByDebugLink(
  image: ElfImage,
  search: DebugSearch,
  files: OpenFiles,
  others: string[],
): OpenedElf | undefined {
  const link = image.debug.debugLink;
  if (link === undefined) return undefined;
  const name = basename(link.file);
  const own = search.file === undefined ? [] : [dirname(search.file), join(dirname(search.file), '.debug')];
  const system = search.file === undefined ? [] : [join(SYSTEM_DEBUG, dirname(search.file))];
  for (const directory of [...own, ...search.directories, ...system]) {
    const found = files.elf(join(directory, name));
    // The sum says that it is the file that was linked; another build id, that it describes another build.
    if (found?.image.debug.dwarf && sameBuild(image, found.image) && crcOf(found.bytes) === link.crc) return found;
    if (found !== undefined && found.path !== search.file) others.push(found.path);
    found?.close();
  }
  return undefined;
}

function sameBuild(image: ElfImage, debug: ElfImage): boolean {
  const [own, other] = [image.notes.buildId, debug.notes.buildId];
  return own === undefined || other === undefined || own === other;
}

/** Bytes that are read at a time. */
const PIECE = 1 << 22;

function crcOf(bytes: FileBytes): number | undefined {
  let crc = 0;
  for (let offset = 0; offset < bytes.size; offset += PIECE) {
    const part = bytes.read(offset, Math.min(PIECE, bytes.size - offset));
    if (part === undefined) return undefined;
    crc = crc32(part, crc);
  }
  return crc;
}

let tables: readonly Uint32Array[] | undefined;

/**
 * The CRC of .gnu_debuglink: that of zlib and IEEE 802.3 (binutils, bfd/opncls.c).
 * @param before the CRC of what comes before these bytes
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (typeof zlib.crc32 === 'function') return zlib.crc32(bytes, before);
  // Node 20 before 20.15 has none.
  tables ??= [makeTable()];
  const [table = new Uint32Array(256)] = tables;
  let crc = ~before;
  for (let at = 0; at < bytes.length; at += 1) crc = (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, at) => {
    let value = at;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}
