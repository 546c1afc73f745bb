import type { ElfBytes } from './cursor.ts';
import type { Section } from './model.ts';
import type { Problems } from './problems.ts';

export const SHT = { SYMTAB: 2, STRTAB: 3, DYNAMIC: 6, NOTE: 7, NOBITS: 8, DYNSYM: 11 } as const;
export const SHF = { WRITE: 0x1, ALLOC: 0x2, EXECINSTR: 0x4, TLS: 0x400, COMPRESSED: 0x800 } as const;

/** A section header as it stands in the file, its name not looked up yet. */
export interface SectionHeader extends Omit<Section, 'name' | 'index'> {
  readonly nameOffset: number;
}

/** Bytes of a section header of the file's class. */
export function sectionHeaderSize(bytes: ElfBytes): 40 | 64 {
  return bytes.wide ? 64 : 40;
}

/** Reads one section header (gABI chapter 4) at a file offset. */
export function readSectionHeader(bytes: ElfBytes, at: number): SectionHeader {
  const { wide } = bytes;
  return {
    nameOffset: bytes.u32(at),
    typeCode: bytes.u32(at + 4),
    flags: bytes.uword(at + 8),
    address: bytes.uword(at + (wide ? 16 : 12)),
    offset: bytes.uword(at + (wide ? 24 : 16)),
    size: bytes.uword(at + (wide ? 32 : 20)),
    link: bytes.u32(at + (wide ? 40 : 24)),
    info: bytes.u32(at + (wide ? 44 : 28)),
    align: bytes.uword(at + (wide ? 48 : 32)),
    entrySize: bytes.uword(at + (wide ? 56 : 36)),
  };
}

/** Reports the first section whose bytes the file does not have. */
export function checkSections(bytes: ElfBytes, sections: readonly Section[], problems: Problems): void {
  for (const section of sections) {
    if (section.typeCode === SHT.NOBITS || section.typeCode === 0) continue;
    if (!bytes.has(section.offset, section.size)) {
      problems.truncated(
        `Section ${section.index} needs bytes ${section.offset} to ${section.offset + section.size}, but the file has only ${bytes.size}.`,
        section.offset,
      );
      return;
    }
  }
}

/** Whether a section has a flag; flags above 2^32 are operating system bits that nothing here asks for. */
export function hasFlag(section: Section, flag: number): boolean {
  return ((section.flags % 0x1_0000_0000) & flag) !== 0;
}
