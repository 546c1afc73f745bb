import type { ElfBytes } from './cursor.ts';
import type { DebugPresence, Section } from './model.ts';
import { hasFlag, SHF, SHT } from './sections.ts';

const ELFCOMPRESS_ZSTD = 2;
/** DW_AT_dwo_name of DWARF 5 and DW_AT_GNU_dwo_name before it. */
const DWO_NAME = 0x76;
const GNU_DWO_NAME = 0x2130;
const DW_FORM_IMPLICIT_CONST = 0x21;
/** Skeleton units have few abbreviations, so they show early. */
const ABBREVIATIONS_TO_READ = 256 * 1024;
const LONGEST_FILE_NAME = 4096;

/** Whether a section carries debug information: it is not loaded and can be stripped. */
export function isDebugSection(section: Section): boolean {
  return /^\.(?:z?debug_|gdb_index$|gnu_debugdata$|stab)/.test(section.name) && !hasFlag(section, SHF.ALLOC);
}

/** Which debug information the file has, and where the rest is. The bytes are hardly touched. */
export function readDebugPresence(bytes: ElfBytes, sections: readonly Section[]): DebugPresence {
  const named = new Map(sections.map((section) => [section.name, section]));
  const dwarf = sections.filter((section) => /^\.z?debug_/.test(section.name) && section.typeCode !== SHT.NOBITS);
  const debugLink = readDebugLink(bytes, named.get('.gnu_debuglink'));
  const debugAltLink = readAltLink(bytes, named.get('.gnu_debugaltlink'));
  return {
    dwarf: dwarf.some((section) => /^\.z?debug_info$/.test(section.name)),
    compressed: compressionOf(bytes, dwarf),
    symtab: sections.some((section) => section.typeCode === SHT.SYMTAB),
    ...(debugLink === undefined ? {} : { debugLink }),
    ...(debugAltLink === undefined ? {} : { debugAltLink }),
    split: isSplit(bytes, named.get('.debug_abbrev')),
    others: ['.gnu_debugdata', '.BTF', '.ctf', '.SUNW_ctf', '.gdb_index', '.stab'].filter((name) => named.has(name)),
  };
}

function compressionOf(bytes: ElfBytes, sections: readonly Section[]): DebugPresence['compressed'] {
  if (sections.some((section) => section.name.startsWith('.zdebug_'))) return 'zdebug';
  const compressed = sections.find((section) => hasFlag(section, SHF.COMPRESSED));
  if (compressed === undefined) return 'none';
  return bytes.u32(compressed.offset) === ELFCOMPRESS_ZSTD ? 'zstd' : 'zlib';
}

/** A file name, zero bytes up to a multiple of 4, and a CRC-32 (GDB manual, separate debug files). */
function readDebugLink(bytes: ElfBytes, section: Section | undefined): DebugPresence['debugLink'] {
  if (section === undefined || section.size > LONGEST_FILE_NAME || section.typeCode === SHT.NOBITS) return undefined;
  const text = bytes.latin1(section.offset, section.size);
  const end = text.indexOf('\0');
  const crcAt = Math.ceil((end + 1) / 4) * 4;
  if (end < 1 || crcAt + 4 > text.length) return undefined;
  return { file: text.slice(0, end), crc: bytes.u32(section.offset + crcAt) };
}

/** A file name, a zero byte, and the build id of that file (dwz). */
function readAltLink(bytes: ElfBytes, section: Section | undefined): DebugPresence['debugAltLink'] {
  if (section === undefined || section.size > LONGEST_FILE_NAME || section.typeCode === SHT.NOBITS) return undefined;
  const content = bytes.range(section.offset, section.size);
  const end = content.indexOf(0);
  if (end < 1) return undefined;
  return { file: content.toString('latin1', 0, end), buildId: content.toString('hex', end + 1) };
}

/**
 * Whether an abbreviation names a .dwo file: then the types are not in this file. False for compressed abbreviations, which
 * compilers do not write together with split DWARF.
 */
function isSplit(bytes: ElfBytes, section: Section | undefined): boolean {
  if (section === undefined || hasFlag(section, SHF.COMPRESSED) || section.typeCode === SHT.NOBITS) return false;
  const content: Uint8Array = bytes.range(section.offset, Math.min(section.size, ABBREVIATIONS_TO_READ));
  const { length } = content;
  let at = 0;
  // One loop over the numbers: a table has tens of thousands, and the function runs once.
  let state: number = CODE;
  let attribute = 0;
  while (at < length) {
    let value = 0;
    for (let scale = 1; at < length; scale *= 128) {
      const byte = content[at++] ?? 0;
      if (byte < 0x80 && scale === 1) {
        value = byte;
        break;
      }
      if (scale < 2 ** 42) value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    switch (state) {
      case CODE:
        if (value !== 0) state = TAG;
        break;
      case TAG:
        at++; // has children
        state = ATTRIBUTE;
        break;
      case ATTRIBUTE:
        attribute = value;
        state = FORM;
        break;
      case FORM:
        if (attribute === 0 && value === 0) state = CODE;
        else if (attribute === DWO_NAME || attribute === GNU_DWO_NAME) return true;
        else state = value === DW_FORM_IMPLICIT_CONST ? CONSTANT : ATTRIBUTE;
        break;
      default:
        state = ATTRIBUTE;
    }
  }
  return false;
}

/** What the next number of an abbreviation is. */
const CODE = 0;
const TAG = 1;
const ATTRIBUTE = 2;
const FORM = 3;
const CONSTANT = 4;
