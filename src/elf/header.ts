import { ElfBytes, type Fetch } from './cursor.ts';
import { machineName } from './machine.ts';
import type { ElfHeader } from './model.ts';
import type { Problems } from './problems.ts';

/** Where a header table lies. `count` is the true one, extended numbering resolved. */
export interface TablePlace {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

export interface HeaderReading {
  readonly bytes: ElfBytes;
  readonly header: ElfHeader;
  readonly programs: TablePlace;
  readonly sections: TablePlace;
  /** Index of the section that holds the section names. */
  readonly nameSection: number;
  /** The counts did not fit into the header and stand in section header 0. */
  readonly extended: boolean;
}

const TYPES: readonly ElfHeader['type'][] = ['none', 'rel', 'exec', 'dyn', 'core'];
/** Bytes that are read at most, 2 GiB less one: offsets stay below 2^31, and no plugin comes near. */
export const LARGEST_FILE = 2 ** 31 - 1;
const PN_XNUM = 0xffff;
const SHN_XINDEX = 0xffff;

/** First bytes of what people put in place of a plugin by mistake. */
const OTHERS: readonly (readonly [start: string, what: string])[] = [
  ['!<arch>\n', 'a static library (ar archive)'],
  ['!<thin>\n', 'a thin static library (ar archive)'],
  ['#!', 'a script'],
  ['/* GNU ld script', 'a linker script that names the real library'],
  ['\xcf\xfa\xed\xfe', 'a macOS (Mach-O) file'],
  ['\xce\xfa\xed\xfe', 'a macOS (Mach-O) file'],
  ['\xca\xfe\xba\xbe', 'a macOS universal file or a Java class'],
  ['MZ', 'a Windows (PE) file'],
  ['\x1f\x8b', 'a gzip file'],
  ['\x28\xb5\x2f\xfd', 'a zstd file'],
  ['\xfd7zXZ\0', 'an xz file'],
  ['BZh', 'a bzip2 file'],
  ['PK\x03\x04', 'a zip file'],
  ['\0asm', 'a WebAssembly module'],
  ['BC\xc0\xde', 'LLVM bitcode'],
  ['version https://git-lfs', 'a Git LFS pointer: the real file was not fetched (git lfs pull)'],
  ['<!DOCTYPE', 'an HTML page'],
  ['<!doctype', 'an HTML page'],
  ['<html', 'an HTML page'],
];

function describeOther(start: string): string {
  const known = OTHERS.find(([prefix]) => start.startsWith(prefix));
  if (known !== undefined) return known[1];
  return /^[\t\n\r -~]*$/.test(start) ? 'a text file' : 'a binary file of another kind';
}

/**
 * Reads the ELF header (gABI chapter 2). Undefined when there is nothing to go on: then `problems` says why.
 * @param file the bytes of the file, or a zeroed buffer that `fetch` fills
 */
export function readHeader(file: Uint8Array, problems: Problems, fetch?: Fetch): HeaderReading | undefined {
  return readHeaderFrom((little, wide) => new ElfBytes(file, little, wide, fetch), problems);
}

/**
 * As {@link readHeader}.
 * @param view makes a view of the file in a byte order and a word size
 */
export function readHeaderFrom(
  view: (little: boolean, wide: boolean) => ElfBytes,
  problems: Problems,
): HeaderReading | undefined {
  const probe = view(true, true);
  if (probe.size === 0) {
    problems.add('elf/not-elf', 'The file is empty.');
    return undefined;
  }
  const start = probe.latin1(0, 64);
  if (!start.startsWith('\x7fELF')) {
    problems.add('elf/not-elf', `This is not an ELF file but ${describeOther(start)}.`, 0);
    return undefined;
  }
  const elfClass = probe.u8(4);
  const encoding = probe.u8(5);
  const wide = elfClass === 2;
  const headerSize = wide ? 64 : 52;
  if (probe.size < headerSize) {
    problems.truncated(`The file ends inside the ELF header, after ${probe.size} of ${headerSize} bytes.`, probe.size);
    return undefined;
  }
  if (elfClass !== 1 && elfClass !== 2) {
    problems.malformed(`The ELF class is ${elfClass}; it must be 1 (32-bit) or 2 (64-bit).`, 4);
    return undefined;
  }
  if (encoding !== 1 && encoding !== 2) {
    problems.malformed(`The ELF data encoding is ${encoding}; it must be 1 (little-endian) or 2 (big-endian).`, 5);
    return undefined;
  }
  const bytes = view(encoding === 1, wide);
  if (bytes.u8(6) !== 1 || bytes.u32(20) !== 1) {
    problems.malformed('The ELF version is not 1; the dynamic loader refuses the file.', bytes.u8(6) !== 1 ? 6 : 20);
  }
  return readFields(bytes, problems);
}

function readFields(bytes: ElfBytes, problems: Problems): HeaderReading {
  const { wide } = bytes;
  const machineCode = bytes.u16(18);
  const header: ElfHeader = {
    class: wide ? 64 : 32,
    endian: bytes.little ? 'little' : 'big',
    machine: machineName(machineCode, wide),
    machineCode,
    type: TYPES[bytes.u16(16)] ?? 'other',
    osAbi: bytes.u8(7),
    abiVersion: bytes.u8(8),
    entry: bytes.uword(24),
    flags: bytes.u32(wide ? 48 : 36),
  };
  // From e_ehsize on, both classes have the same six half words.
  const tail = wide ? 52 : 40;
  const sectionOffset = bytes.uword(wide ? 40 : 32);
  const sectionEntry = bytes.u16(tail + 6);
  let programCount = bytes.u16(tail + 4);
  let sectionCount = bytes.u16(tail + 8);
  let nameSection = bytes.u16(tail + 10);

  // Extended numbering: section header 0 holds the counts that do not fit (gABI chapter 4, e_shnum, e_shstrndx).
  const first = sectionOffset !== 0 && bytes.has(sectionOffset, wide ? 64 : 40) ? sectionOffset : undefined;
  const extended =
    (sectionOffset !== 0 && sectionCount === 0) || nameSection === SHN_XINDEX || programCount === PN_XNUM;
  if (extended) {
    if (first === undefined) {
      problems.truncated(
        'Section header 0, which holds the counts of this file, lies outside the file.',
        sectionOffset,
      );
    } else {
      if (sectionCount === 0) sectionCount = bytes.uword(first + (wide ? 32 : 20));
      if (nameSection === SHN_XINDEX) nameSection = bytes.u32(first + (wide ? 40 : 24));
      if (programCount === PN_XNUM) programCount = bytes.u32(first + (wide ? 44 : 28));
    }
  }
  return {
    bytes,
    header,
    programs: { offset: bytes.uword(wide ? 32 : 28), entrySize: bytes.u16(tail + 2), count: programCount },
    sections: { offset: sectionOffset, entrySize: sectionEntry, count: sectionOffset === 0 ? 0 : sectionCount },
    nameSection,
    extended,
  };
}

/**
 * Entries of a header table that can be read: none when the entry size is wrong, those inside the file otherwise.
 * The dynamic loader refuses a file whose e_phentsize is not the size of the structure, so nothing is guessed here.
 */
export function readableEntries(
  bytes: ElfBytes,
  table: TablePlace,
  expectedSize: number,
  what: string,
  problems: Problems,
): number {
  if (table.count === 0) return 0;
  if (table.entrySize !== expectedSize) {
    problems.malformed(`A ${what} header has ${table.entrySize} bytes; it must have ${expectedSize}.`);
    return 0;
  }
  const fit = Math.max(0, Math.floor((bytes.size - table.offset) / expectedSize));
  if (fit < table.count) {
    problems.truncated(
      `The ${what} headers (${table.count} at offset ${table.offset}) reach beyond the end of the file at ${bytes.size}.`,
      table.offset,
    );
  }
  return Math.min(fit, table.count);
}
