import type { ElfImage, Section, Segment } from '../elf/model.ts';

/** A file as bytes with what was read from them. */
export interface FileContent {
  readonly bytes: Uint8Array;
  readonly image: ElfImage;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const NT_GNU_BUILD_ID = 3;
/** Bytes; a longer one is none, and must not hide code from the comparison. */
const BUILD_ID_MOST = 64;
/** Sections that say what debug information there is, none of them loaded. */
const DEBUG_SECTION = /^\.(?:z?debug_|gnu_debuglink$|gnu_debugaltlink$|gdb_index$|BTF|ctf$)/;
const SHT_NOBITS = 8;

/**
 * Whether a consumer of two files can see no difference at all: everything that the loader maps is the same byte for byte,
 * and so is the debug information. Left out are the build id, and the fields of the ELF header that place the section
 * headers. The same code with other debug information does not count: a struct can have grown without any code here
 * noticing. A file that maps nothing, or that is shorter than it says, equals no other.
 */
export function sameFileContent(old: FileContent, now: FileContent): boolean {
  return sameLoadedContent(old, now) && sameDebugInformation(old, now);
}

/** Everything that the loader maps is the same, apart from the build id. The types need not be. */
export function sameLoadedContent(old: FileContent, now: FileContent): boolean {
  const [before, after] = [loads(old.image), loads(now.image)];
  if (before.length === 0 || before.length !== after.length) return false;
  if (!sameSegments(old.image.segments, now.image.segments)) return false;
  const [skipOld, skipNow] = [skipped(old), skipped(now)];
  if (!sameRanges(skipOld, skipNow)) return false;
  return before.every((segment, index) => {
    const other = after[index];
    return other !== undefined && sameBytes(old.bytes, now.bytes, segment, other, skipOld);
  });
}

/** What the loader maps. */
export function loads(image: ElfImage): readonly Segment[] {
  return image.segments.filter(({ type }) => type === 'LOAD');
}

function sameSegments(old: readonly Segment[], now: readonly Segment[]): boolean {
  return (
    old.length === now.length &&
    old.every((segment, index) => {
      const other = now[index];
      return (
        other !== undefined &&
        segment.typeCode === other.typeCode &&
        segment.vaddr === other.vaddr &&
        segment.offset === other.offset &&
        segment.fileSize === other.fileSize &&
        segment.memorySize === other.memorySize &&
        segment.flags.read === other.flags.read &&
        segment.flags.write === other.flags.write &&
        segment.flags.execute === other.flags.execute
      );
    })
  );
}

/** File ranges that may differ: e_shoff, e_shentsize, e_shnum, e_shstrndx (gABI chapter 4), and the build id. */
export function skipped({ bytes, image }: FileContent): readonly Range[] {
  const wide = image.header.class === 64;
  const header = wide
    ? [
        { start: 0x28, end: 0x30 },
        { start: 0x3a, end: 0x40 },
      ]
    : [
        { start: 0x20, end: 0x24 },
        { start: 0x2e, end: 0x34 },
      ];
  return [...header, ...buildIds(bytes, image)];
}

function buildIds(bytes: Uint8Array, image: ElfImage): Range[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = image.header.endian === 'little';
  const found: Range[] = [];
  for (const { type, offset, fileSize, align } of image.segments) {
    if (type !== 'NOTE') continue;
    const end = Math.min(offset + fileSize, bytes.length);
    const step = align === 8 ? 8 : 4;
    let at = offset;
    while (at + 12 <= end) {
      const nameSize = view.getUint32(at, little);
      const size = view.getUint32(at + 4, little);
      const start = at + 12 + aligned(nameSize, 4);
      const next = align === 8 ? aligned(start - offset + size, step) + offset : start + aligned(size, step);
      if (start + size > end || next <= at) break;
      const gnu = nameSize === 4 && bytes[at + 12] === 0x47 && bytes[at + 13] === 0x4e && bytes[at + 14] === 0x55;
      if (gnu && size <= BUILD_ID_MOST && view.getUint32(at + 8, little) === NT_GNU_BUILD_ID)
        found.push({ start, end: start + size });
      at = next;
    }
  }
  return found;
}

function aligned(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function sameRanges(one: readonly Range[], other: readonly Range[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ start, end }, index) => start === other[index]?.start && end === other[index]?.end)
  );
}

function sameBytes(
  old: Uint8Array,
  now: Uint8Array,
  segment: Segment,
  other: Segment,
  skip: readonly Range[],
): boolean {
  const end = segment.offset + segment.fileSize;
  if (end > old.length || other.offset + other.fileSize > now.length) return false;
  return kept(segment.offset, end, skip).every(
    ([from, to]) => Buffer.compare(old.subarray(from, to), now.subarray(from, to)) === 0,
  );
}

/** The parts between `start` and `end` that are not skipped, in their order. */
export function kept(start: number, end: number, skip: readonly Range[]): readonly (readonly [number, number])[] {
  const cuts = skip.filter((range) => range.start < end && range.end > start).sort((a, b) => a.start - b.start);
  const parts: (readonly [number, number])[] = [];
  let at = start;
  for (const cut of [...cuts, { start: end, end }]) {
    parts.push([at, Math.max(at, Math.min(cut.start, end))]);
    at = Math.max(at, cut.end);
  }
  return parts;
}

function sameDebugInformation(old: FileContent, now: FileContent): boolean {
  const [before, after] = [debugSections(old.image), debugSections(now.image)];
  return (
    before.length === after.length &&
    before.every((section, index) => {
      const other = after[index];
      if (other === undefined || section.name !== other.name || section.size !== other.size) return false;
      return Buffer.compare(contents(old.bytes, section), contents(now.bytes, other)) === 0;
    })
  );
}

/** The sections with debug information, in an order that does not depend on the file's. */
export function debugSections(image: ElfImage): readonly Section[] {
  return image.sections
    .filter(({ name, typeCode }) => DEBUG_SECTION.test(name) && typeCode !== SHT_NOBITS)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index));
}

/** The bytes of a section. */
export function contents(bytes: Uint8Array, { offset, size }: Section): Uint8Array {
  return bytes.subarray(offset, offset + size);
}
