import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AT } from '../../dwarf/constants.ts';
import { DwarfFile } from '../../dwarf/file.ts';
import { loadSections } from '../../dwarf/sections.ts';
import type { ElfImage } from '../../elf/model.ts';
import { readElf } from '../../elf/read.ts';
import type { MissingEvidence } from '../model.ts';
import { attributeOf } from './attributes.ts';

/** Where separate debug information may lie. */
export interface DebugSearch {
  /** Path of the file itself; debug files are looked for beside it and in `.debug/` there. */
  readonly file?: string;
  /** Further directories, laid out as /usr/lib/debug is, or holding the files themselves. */
  readonly directories: readonly string[];
}

export interface OpenedDebugInfo {
  readonly files: readonly DwarfFile[];
  readonly missing: readonly MissingEvidence[];
  /** Paths of separate files that were used. */
  readonly used: readonly string[];
}

const SYSTEM_DEBUG = '/usr/lib/debug';

/** Opens the debugging information of a file: its own, or that of a separate file found by build id or debug link. */
export function openDebugInfo(image: ElfImage, bytes: Uint8Array, search: DebugSearch): OpenedDebugInfo {
  const missing: MissingEvidence[] = [];
  const used: string[] = [];
  let holder = { image, bytes };
  if (!image.debug.dwarf) {
    const separate = findSeparate(image, search, used);
    if (separate === undefined) {
      const id = image.notes.buildId;
      const place = id === undefined ? 'the file has no build id' : `its build id is ${id}`;
      missing.push({
        code: 'no-debug-info',
        message: `There is no debug information (${place}).`,
        fix: 'Compile with -g, or give the directory with the separate debug files.',
      });
      return { files: [], missing, used };
    }
    holder = separate;
  }
  const { sections, problems } = loadSections(holder.image, holder.bytes);
  for (const problem of problems) {
    missing.push({
      code: problem.code,
      message: `Section ${problem.section} ${problem.message}.`,
      fix: 'Build the file again with an ordinary -g.',
    });
  }
  const alt = openAlternate(holder.image, search, missing, used);
  const file = new DwarfFile(sections, alt === undefined ? {} : { alt });
  if (isSplit(file)) {
    missing.push({
      code: 'split-missing',
      message: 'The types are in separate .dwo or .dwp files (split DWARF), which were not read.',
      fix: 'Compile the release without -gsplit-dwarf.',
    });
  }
  return { files: [file], missing, used };
}

function isSplit(file: DwarfFile): boolean {
  return file.units.some((unit) => {
    if (unit.kind === 'skeleton') return true;
    const root = file.root(unit);
    return (
      root !== undefined && (attributeOf([root], AT.GNU_dwo_name) ?? attributeOf([root], AT.dwo_name)) !== undefined
    );
  });
}

interface Holder {
  readonly image: ElfImage;
  readonly bytes: Uint8Array;
}

function findSeparate(image: ElfImage, search: DebugSearch, used: string[]): Holder | undefined {
  const id = image.notes.buildId;
  for (const directory of [...search.directories, SYSTEM_DEBUG]) {
    if (id === undefined || id.length < 4) break;
    const path = join(directory, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
    const found = openElf(path);
    // The id in the path is what the name promises; the one in the file is what counts.
    if (found?.image.notes.buildId === id && found.image.debug.dwarf) {
      used.push(path);
      return found;
    }
  }
  const link = image.debug.debugLink;
  if (link === undefined) return undefined;
  const name = basename(link.file);
  const own = search.file === undefined ? [] : [dirname(search.file), join(dirname(search.file), '.debug')];
  const system = search.file === undefined ? [] : [join(SYSTEM_DEBUG, dirname(search.file))];
  for (const directory of [...own, ...search.directories, ...system]) {
    const path = join(directory, name);
    const found = openElf(path);
    if (found?.image.debug.dwarf && crc32(found.bytes) === link.crc) {
      used.push(path);
      return found;
    }
  }
  return undefined;
}

function openAlternate(
  image: ElfImage,
  search: DebugSearch,
  missing: MissingEvidence[],
  used: string[],
): DwarfFile | undefined {
  const link = image.debug.debugAltLink;
  if (link === undefined) return undefined;
  const id = link.buildId;
  const candidates = [...search.directories, SYSTEM_DEBUG].flatMap((directory) => [
    join(directory, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`),
    join(directory, '.dwz', basename(link.file)),
  ]);
  if (search.file !== undefined) candidates.push(join(dirname(search.file), link.file));
  for (const path of candidates) {
    const found = openElf(path);
    if (found === undefined || found.image.notes.buildId !== id) continue;
    used.push(path);
    const { sections } = loadSections(found.image, found.bytes);
    return new DwarfFile(sections);
  }
  missing.push({
    code: 'alt-missing',
    message: `Parts of the debug information are in ${link.file} (build id ${id}), which was not found.`,
    fix: 'Give the directory that it is in; dwz made it.',
  });
  return undefined;
}

const MAX_FILE = 1024 * 1024 * 1024;

function openElf(path: string): Holder | undefined {
  try {
    const bytes = new Uint8Array(readFileSync(path));
    if (bytes.length > MAX_FILE) return undefined;
    const { image } = readElf(bytes);
    return image === undefined ? undefined : { image, bytes };
  } catch {
    return undefined; // not there, or not readable: the next place is tried
  }
}

let table: Uint32Array | undefined;

/** The CRC of .gnu_debuglink: that of zlib and IEEE 802.3 (binutils, bfd/opncls.c). */
export function crc32(bytes: Uint8Array): number {
  if (table === undefined) {
    table = new Uint32Array(256);
    for (let at = 0; at < 256; at += 1) {
      let value = at;
      for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
      table[at] = value;
    }
  }
  let crc = 0xffffffff;
  for (const byte of bytes) crc = ((table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}
