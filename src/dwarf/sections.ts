import type { ElfImage, Section } from '../elf/model.ts';
import { type DecompressionProblem, decompressSection } from './decompress.ts';
import { relocate } from './relocate.ts';
import type { DwarfSections } from './unit.ts';

export interface SectionProblem extends DecompressionProblem {
  readonly section: string;
}

/** All debug sections of a file together may unpack to this much; what is beyond is not read and is said. */
export const MAX_DEBUG_BYTES = 640 * 1024 * 1024;

const SHF_COMPRESSED = 0x800;
const SHT_NOBITS = 8;
const EMPTY = new Uint8Array();

/** Names without `.debug_` or `.zdebug_`, and without `.dwo`. */
const WANTED = {
  info: 'info',
  types: 'types',
  abbrev: 'abbrev',
  str: 'str',
  lineStr: 'line_str',
  strOffsets: 'str_offsets',
  addr: 'addr',
  line: 'line',
} as const;
type Wanted = keyof typeof WANTED;

/**
 * The DWARF sections of an ELF file, unpacked, and relocated for object files.
 * @param split whether to take the `.dwo` sections instead of the ordinary ones
 */
export function loadSections(
  image: ElfImage,
  file: Uint8Array,
  split = false,
): { readonly sections: DwarfSections; readonly problems: readonly SectionProblem[] } {
  const problems: SectionProblem[] = [];
  const little = image.header.endian === 'little';
  let left = MAX_DEBUG_BYTES;
  const load = (name: string): Uint8Array => {
    const parts: Uint8Array[] = [];
    for (const section of sectionsNamed(image, name, split)) {
      const content = contentOf(image, file, section, little, left);
      if (content instanceof Uint8Array) {
        left -= content.length;
        parts.push(content);
      } else problems.push({ ...content, section: section.name });
    }
    const [first = EMPTY, ...more] = parts;
    // Object files can have several sections of one name (COMDAT groups of type units).
    return more.length === 0 ? first : Buffer.concat(parts);
  };
  const loaded: Partial<Record<Wanted, Uint8Array>> = {};
  for (const key of Object.keys(WANTED) as Wanted[]) loaded[key] = load(WANTED[key]);
  const of = (key: Wanted): Uint8Array => loaded[key] ?? EMPTY;
  return {
    sections: {
      little,
      info: of('info'),
      types: of('types'),
      abbrev: of('abbrev'),
      str: of('str'),
      lineStr: of('lineStr'),
      strOffsets: of('strOffsets'),
      addr: of('addr'),
      line: of('line'),
    },
    problems,
  };
}

function sectionsNamed(image: ElfImage, name: string, split: boolean): readonly Section[] {
  const suffix = split ? '.dwo' : '';
  const names = [`.debug_${name}${suffix}`, `.zdebug_${name}${suffix}`];
  return image.sections.filter((section) => names.includes(section.name) && section.typeCode !== SHT_NOBITS);
}

function contentOf(
  image: ElfImage,
  file: Uint8Array,
  section: Section,
  little: boolean,
  limit: number,
): Uint8Array | DecompressionProblem {
  if (section.offset + section.size > file.length)
    return { code: 'malformed', message: 'reaches beyond the end of the file' };
  const raw = file.subarray(section.offset, section.offset + section.size);
  let content: Uint8Array | DecompressionProblem = raw;
  if (section.flags & SHF_COMPRESSED) {
    content = decompressSection(raw, image.header.class === 64 ? 'chdr64' : 'chdr32', little, limit);
  } else if (section.name.startsWith('.zdebug_')) {
    content = decompressSection(raw, 'zdebug', little, limit);
  } else if (raw.length > limit) {
    content = { code: 'limit', message: `has ${raw.length} bytes, more than the ${limit} that are read` };
  }
  if (!(content instanceof Uint8Array) || image.header.type !== 'rel') return content;
  const relocated = relocate(image, file, section, content);
  if (relocated.unknown > 0) {
    return { code: 'unsupported', message: `has ${relocated.unknown} relocations of a kind that is not known` };
  }
  return relocated.content;
}
