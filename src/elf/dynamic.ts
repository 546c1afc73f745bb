import type { ElfBytes } from './cursor.ts';
import type { Dynamic, Segment } from './model.ts';
import type { Problems } from './problems.ts';
import { type AddressMap, PT } from './segments.ts';
import { StringTable } from './strings.ts';

/** Dynamic tags (gABI chapter 5; the 0x6fff.... ones from the GNU and Sun registries). */
export const DT = {
  NEEDED: 1,
  PLTRELSZ: 2,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  RELAENT: 9,
  RELACOUNT: 0x6ffffff9,
  STRSZ: 10,
  SYMENT: 11,
  INIT: 12,
  FINI: 13,
  SONAME: 14,
  RPATH: 15,
  SYMBOLIC: 16,
  REL: 17,
  RELSZ: 18,
  RELENT: 19,
  PLTREL: 20,
  TEXTREL: 22,
  JMPREL: 23,
  BIND_NOW: 24,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  RUNPATH: 29,
  FLAGS: 30,
  RELRSZ: 35,
  RELR: 36,
  RELRENT: 37,
  GNU_HASH: 0x6ffffef5,
  AUDIT: 0x6ffffefc,
  VERSYM: 0x6ffffff0,
  FLAGS_1: 0x6ffffffb,
  VERDEF: 0x6ffffffc,
  VERDEFNUM: 0x6ffffffd,
  VERNEED: 0x6ffffffe,
  VERNEEDNUM: 0x6fffffff,
  MIPS_SYMTABNO: 0x70000011,
  AUXILIARY: 0x7ffffffd,
  FILTER: 0x7fffffff,
} as const;

const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'ORIGIN'],
  [0x2, 'SYMBOLIC'],
  [0x4, 'TEXTREL'],
  [0x8, 'BIND_NOW'],
  [0x10, 'STATIC_TLS'],
];

const FLAGS_1: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'NOW'],
  [0x2, 'GLOBAL'],
  [0x4, 'GROUP'],
  [0x8, 'NODELETE'],
  [0x10, 'LOADFLTR'],
  [0x20, 'INITFIRST'],
  [0x40, 'NOOPEN'],
  [0x80, 'ORIGIN'],
  [0x100, 'DIRECT'],
  [0x200, 'TRANS'],
  [0x400, 'INTERPOSE'],
  [0x800, 'NODEFLIB'],
  [0x1000, 'NODUMP'],
  [0x2000, 'CONFALT'],
  [0x4000, 'ENDFILTEE'],
  [0x8000, 'DISPRELDNE'],
  [0x10000, 'DISPRELPND'],
  [0x20000, 'NODIRECT'],
  [0x40000, 'IGNMULDEF'],
  [0x80000, 'NOKSYMS'],
  [0x100000, 'NOHDR'],
  [0x200000, 'EDITED'],
  [0x400000, 'NORELOC'],
  [0x800000, 'SYMINTPOSE'],
  [0x1000000, 'GLOBAUDIT'],
  [0x2000000, 'SINGLETON'],
  [0x4000000, 'STUB'],
  [0x8000000, 'PIE'],
];

/** A shared object has some tens of entries, and one for each needed library. */
const MOST_ENTRIES = 100_000;

/** The dynamic section as tags and values; strings are still offsets. */
export class DynamicTable {
  readonly #values = new Map<number, number>();
  readonly needed: number[] = [];
  readonly auxiliary: number[] = [];
  readonly filter: number[] = [];

  add(tag: number, value: number): void {
    if (tag === DT.NEEDED) this.needed.push(value);
    else if (tag === DT.AUXILIARY) this.auxiliary.push(value);
    else if (tag === DT.FILTER) this.filter.push(value);
    // glibc's elf_get_dynamic_info lets a later entry of the same tag replace an earlier one.
    this.#values.set(tag, value);
  }

  get(tag: number): number | undefined {
    return this.#values.get(tag);
  }

  has(tag: number): boolean {
    return this.#values.has(tag);
  }
}

/**
 * Reads PT_DYNAMIC as the dynamic loader does: by address through the PT_LOAD segments, not by its file offset. A
 * file in which the two differ shows one content to tools and another to the loader, which is reported.
 */
export function readDynamicTable(
  bytes: ElfBytes,
  segments: readonly Segment[],
  map: AddressMap,
  problems: Problems,
): DynamicTable {
  const table = new DynamicTable();
  // glibc takes the last one that is not empty (_dl_map_object_from_fd).
  const segment = segments.findLast((candidate) => candidate.typeCode === PT.DYNAMIC && candidate.fileSize > 0);
  if (segment === undefined) return table;
  const mapped = map.offsetOf(segment.vaddr);
  if (mapped === undefined) {
    problems.malformed('The dynamic section is not part of a loaded segment of the file.', segment.offset);
    return table;
  }
  if (mapped !== segment.offset) {
    problems.malformed(
      `The dynamic section is at file offset ${segment.offset}, but the dynamic loader finds it at ${mapped}.`,
      segment.offset,
    );
  }
  const { word } = bytes;
  const room = Math.min(map.roomAt(segment.vaddr), 2 * word * MOST_ENTRIES);
  let at = mapped;
  // The loader stops at DT_NULL alone, even where that lies beyond p_memsz.
  for (; at + 2 * word <= mapped + room; at += 2 * word) {
    const tag = bytes.uword(at);
    if (tag === 0) return table;
    table.add(tag, bytes.uword(at + word));
  }
  problems.malformed('The dynamic section has no end (DT_NULL).', at);
  return table;
}

/** The string table that the dynamic section names; an empty one where there is none. */
export function dynamicStrings(bytes: ElfBytes, table: DynamicTable, map: AddressMap, problems: Problems): StringTable {
  const address = table.get(DT.STRTAB);
  if (address === undefined) return new StringTable(bytes, 0, 0);
  const offset = map.offsetOf(address);
  if (offset === undefined) {
    problems.malformed('The table of dynamic strings (DT_STRTAB) lies outside the loaded segments of the file.');
    return new StringTable(bytes, 0, 0);
  }
  const room = map.roomAt(address);
  const size = table.get(DT.STRSZ) ?? room;
  if (size > room) problems.malformed('The table of dynamic strings (DT_STRSZ) reaches beyond its segment.', offset);
  return new StringTable(bytes, offset, Math.min(size, room));
}

function names(value: number | undefined, table: readonly (readonly [number, string])[]): string[] {
  if (value === undefined) return [];
  const low = value % 0x1_0000_0000;
  return table.filter(([bit]) => (low & bit) !== 0).map(([, name]) => name);
}

/**
 * The dynamic section as facts. The old tags DT_SYMBOLIC, DT_TEXTREL and DT_BIND_NOW mean the same as the bits of
 * DT_FLAGS and are listed with them.
 */
export function describeDynamic(table: DynamicTable, strings: StringTable, word: number): Dynamic {
  const text = (tag: number): string | undefined => {
    const offset = table.get(tag);
    return offset === undefined ? undefined : strings.at(offset);
  };
  const flags = new Set(names(table.get(DT.FLAGS), FLAGS));
  if (table.has(DT.SYMBOLIC)) flags.add('SYMBOLIC');
  if (table.has(DT.TEXTREL)) flags.add('TEXTREL');
  if (table.has(DT.BIND_NOW)) flags.add('BIND_NOW');
  const soname = text(DT.SONAME);
  const rpath = text(DT.RPATH);
  const runpath = text(DT.RUNPATH);
  const audit = text(DT.AUDIT);
  return {
    ...(soname === undefined ? {} : { soname }),
    needed: table.needed.map((offset) => strings.at(offset)),
    ...(rpath === undefined ? {} : { rpath }),
    ...(runpath === undefined ? {} : { runpath }),
    flags: FLAGS.map(([, name]) => name).filter((name) => flags.has(name)),
    flags1: names(table.get(DT.FLAGS_1), FLAGS_1),
    hasInit: (table.get(DT.INIT) ?? 0) !== 0,
    hasFini: (table.get(DT.FINI) ?? 0) !== 0,
    initArray: Math.floor((table.get(DT.INIT_ARRAYSZ) ?? 0) / word),
    finiArray: Math.floor((table.get(DT.FINI_ARRAYSZ) ?? 0) / word),
    auxiliary: table.auxiliary.map((offset) => strings.at(offset)),
    filter: table.filter.map((offset) => strings.at(offset)),
    ...(audit === undefined ? {} : { audit }),
  };
}
