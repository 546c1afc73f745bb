import type { ElfBytes } from './cursor.ts';
import { readableEntries, type TablePlace } from './header.ts';
import type { Segment } from './model.ts';
import type { Problems } from './problems.ts';

export const PT = {
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  TLS: 7,
  GNU_STACK: 0x6474e551,
  GNU_RELRO: 0x6474e552,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  [PT.LOAD]: 'LOAD',
  [PT.DYNAMIC]: 'DYNAMIC',
  [PT.INTERP]: 'INTERP',
  [PT.NOTE]: 'NOTE',
  5: 'SHLIB',
  6: 'PHDR',
  [PT.TLS]: 'TLS',
  1685382480: 'GNU_EH_FRAME',
  [PT.GNU_STACK]: 'GNU_STACK',
  [PT.GNU_RELRO]: 'GNU_RELRO',
  1685382483: 'GNU_PROPERTY',
  1685382484: 'GNU_SFRAME',
};

/** Linkers write some ten program headers, at most half of them to load; each address is looked up among the latter. */
const MOST_SEGMENTS = 4096;
const MOST_LOADS = 128;

/** Reads the program headers (gABI chapter 5). */
export function readSegments(bytes: ElfBytes, table: TablePlace, problems: Problems): readonly Segment[] {
  const { wide } = bytes;
  const size = wide ? 56 : 32;
  const readable = readableEntries(bytes, table, size, 'program', problems);
  if (readable > MOST_SEGMENTS) {
    problems.malformed(`The file has ${readable} program headers; the first ${MOST_SEGMENTS} were read.`, table.offset);
  }
  const count = Math.min(readable, MOST_SEGMENTS);
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = table.offset + index * size;
    const typeCode = bytes.u32(at);
    const flags = bytes.u32(at + (wide ? 4 : 24));
    segments.push({
      type: NAMES[typeCode] ?? `0x${typeCode.toString(16)}`,
      typeCode,
      flags: { read: (flags & 4) !== 0, write: (flags & 2) !== 0, execute: (flags & 1) !== 0 },
      offset: bytes.uword(at + (wide ? 8 : 4)),
      vaddr: bytes.uword(at + (wide ? 16 : 8)),
      fileSize: bytes.uword(at + (wide ? 32 : 16)),
      memorySize: bytes.uword(at + (wide ? 40 : 20)),
      align: bytes.uword(at + (wide ? 48 : 28)),
    });
  }
  checkLoads(bytes, segments, table.offset, problems);
  return segments;
}

function checkLoads(bytes: ElfBytes, segments: readonly Segment[], offset: number, problems: Problems): void {
  if (segments.filter((segment) => segment.typeCode === PT.LOAD).length > MOST_LOADS) {
    problems.malformed(`The file has more than ${MOST_LOADS} segments to load.`, offset);
  }
  for (const [index, segment] of segments.entries()) {
    if (segment.typeCode !== PT.LOAD) continue;
    if (segment.offset + segment.fileSize > bytes.size) {
      problems.truncated(
        `Segment ${index} needs bytes ${segment.offset} to ${segment.offset + segment.fileSize}, but the file has only ${bytes.size}.`,
        offset,
      );
    }
    if (segment.fileSize > segment.memorySize) {
      problems.malformed(`Segment ${index} is larger in the file than in memory.`, offset);
    }
    // glibc's _dl_map_object_from_fd: "ELF load command address/offset not properly aligned".
    if (segment.align > 1 && (segment.vaddr - segment.offset) % segment.align !== 0) {
      problems.malformed(`Segment ${index} is not aligned as it says; the dynamic loader refuses it.`, offset);
    }
  }
}

/** How addresses of the loaded file map to bytes of it, as the dynamic loader sees it: through PT_LOAD alone. */
export class AddressMap {
  readonly #loads: readonly Segment[];
  readonly #fileSize: number;
  /** No address lies in two of them, so that the one that answered last can be asked first. */
  readonly #disjoint: boolean;
  #last: Segment | undefined;

  constructor(segments: readonly Segment[], fileSize: number) {
    // A later mapping replaces what an earlier one put at the same address.
    this.#loads = segments
      .filter((segment) => segment.typeCode === PT.LOAD)
      .slice(0, MOST_LOADS)
      .reverse();
    this.#fileSize = fileSize;
    const sorted = [...this.#loads].sort((a, b) => a.vaddr - b.vaddr);
    this.#disjoint = sorted.every((load, at) => {
      const next = sorted[at + 1];
      return next === undefined || load.vaddr + load.memorySize <= next.vaddr;
    });
  }

  /** The PT_LOAD segment whose memory holds an address. */
  segmentAt(address: number): Segment | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.vaddr && address < last.vaddr + last.memorySize) return last;
    for (const load of this.#loads) {
      if (address < load.vaddr || address >= load.vaddr + load.memorySize) continue;
      if (this.#disjoint) this.#last = load;
      return load;
    }
    return undefined;
  }

  /** File offset of an address; undefined where the file has no byte for it. */
  offsetOf(address: number): number | undefined {
    const load = this.segmentAt(address);
    if (load === undefined || address >= load.vaddr + load.fileSize) return undefined;
    const offset = load.offset + (address - load.vaddr);
    return offset < this.#fileSize ? offset : undefined;
  }

  /** How many bytes of the file follow from an address to the end of its segment, or of the file. */
  roomAt(address: number): number {
    const load = this.segmentAt(address);
    const offset = this.offsetOf(address);
    if (load === undefined || offset === undefined) return 0;
    return Math.min(load.vaddr + load.fileSize - address, this.#fileSize - offset);
  }
}
