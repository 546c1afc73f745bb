import type { ElfImage, Section } from '../elf/model.ts';
import { type DecompressionProblem, decompressSection } from './decompress.ts';
import { Relocator } from './relocate.ts';
import type { DwarfSections } from './unit.ts';

export interface SectionProblem extends DecompressionProblem {
  readonly section: string;
}

/** The bytes of a file, which need not all be in memory. */
export interface FileBytes {
  readonly size: number;
  /** A part of the file, undefined when it does not lie in it or cannot be read. */
  readonly read: (offset: number, length: number) => Uint8Array | undefined;
}

/** A file that is in memory; its parts are not copied. */
export function inMemory(bytes: Uint8Array): FileBytes {
  return {
    size: bytes.length,
    read: (offset, length) =>
      offset >= 0 && length >= 0 && offset + length <= bytes.length
        ? bytes.subarray(offset, offset + length)
        : undefined,
  };
}

/** All debug sections of a file together may unpack to this much; what is beyond is not read and is said. */
export const MAX_DEBUG_BYTES = 384 * 1024 * 1024;

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
  ranges: 'ranges',
  rnglists: 'rnglists',
} as const;
type Wanted = keyof typeof WANTED;
/** Sections of .dwp files that have no `.dwo` in their names. */
const INDEXES = { cuIndex: '.debug_cu_index', tuIndex: '.debug_tu_index' } as const;

/**
 * The DWARF sections of an ELF file, unpacked, and relocated for object files.
 * @param split whether to take the `.dwo` sections instead of the ordinary ones
 */
export function loadSections(
  image: ElfImage,
  file: FileBytes,
  split = false,
): { readonly sections: DwarfSections; readonly problems: readonly SectionProblem[] } {
  const loader = new Loader(image, file, split);
  const of = (key: Wanted): Uint8Array => loader.load(WANTED[key]);
  return {
    sections: {
      little: image.header.endian === 'little',
      info: of('info'),
      types: of('types'),
      abbrev: of('abbrev'),
      str: of('str'),
      lineStr: of('lineStr'),
      strOffsets: of('strOffsets'),
      addr: of('addr'),
      line: of('line'),
      ranges: of('ranges'),
      rnglists: of('rnglists'),
      cuIndex: split ? loader.join(loader.named([INDEXES.cuIndex])) : EMPTY,
      tuIndex: split ? loader.join(loader.named([INDEXES.tuIndex])) : EMPTY,
    },
    problems: loader.problems,
  };
}

class Loader {
  readonly #image: ElfImage;
  readonly #file: FileBytes;
  readonly #suffix: string;
  readonly #byName = new Map<string, Section[]>();
  readonly #relocator: Relocator | undefined;
  readonly problems: SectionProblem[] = [];
  #left = MAX_DEBUG_BYTES;

  constructor(image: ElfImage, file: FileBytes, split: boolean) {
    this.#image = image;
    this.#file = file;
    this.#suffix = split ? '.dwo' : '';
    for (const section of image.sections) {
      if (!/^\.z?debug_/.test(section.name) || section.typeCode === SHT_NOBITS) continue;
      const list = this.#byName.get(section.name);
      if (list === undefined) this.#byName.set(section.name, [section]);
      else list.push(section);
    }
    if (image.header.type === 'rel' && !split) this.#relocator = new Relocator(image, file, this.#places());
  }

  named(names: readonly string[]): readonly Section[] {
    return names.flatMap((name) => this.#byName.get(name) ?? []);
  }

  load(name: string): Uint8Array {
    return this.join(this.named([`.debug_${name}${this.#suffix}`, `.zdebug_${name}${this.#suffix}`]));
  }

  /** Object files can have several sections of one name (COMDAT groups of type units): they follow one another. */
  join(sections: readonly Section[]): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const section of sections) {
      const content = this.#content(section);
      if (content instanceof Uint8Array) {
        this.#left -= content.length;
        parts.push(content);
      } else if (this.problems.length < 100) this.problems.push({ ...content, section: section.name });
    }
    const [first = EMPTY, ...more] = parts;
    const { buffer, byteOffset, length } = more.length === 0 ? first : Buffer.concat(parts);
    // All of one class, whether they were buffers before: code that meets two is compiled for both, and twice.
    return new Uint8Array(buffer, byteOffset, length);
  }

  /** Where each section of several with one name begins when they are joined. */
  #places(): ReadonlyMap<number, number> {
    const places = new Map<number, number>();
    for (const sections of this.#byName.values()) {
      let place = 0;
      for (const section of sections) {
        if (place > 0) places.set(section.index, place);
        place += section.size;
      }
    }
    return places;
  }

  #content(section: Section): Uint8Array | DecompressionProblem {
    const raw = this.#file.read(section.offset, section.size);
    if (raw === undefined) return { code: 'malformed', message: 'reaches beyond the end of the file' };
    const { header } = this.#image;
    const little = header.endian === 'little';
    let content: Uint8Array | DecompressionProblem = raw;
    if (section.flags & SHF_COMPRESSED) {
      content = decompressSection(raw, header.class === 64 ? 'chdr64' : 'chdr32', little, this.#left);
    } else if (section.name.startsWith('.zdebug_')) {
      content = decompressSection(raw, 'zdebug', little, this.#left);
    } else if (raw.length > this.#left) {
      content = { code: 'limit', message: `has ${raw.length} bytes, more than the ${this.#left} that are read` };
    }
    if (!(content instanceof Uint8Array) || this.#relocator === undefined) return content;
    return this.#relocator.apply(section, content);
  }
}
