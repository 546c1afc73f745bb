import type { ElfBytes } from './cursor.ts';
import { EM } from './machine.ts';
import type { Notes, Section, Segment } from './model.ts';
import type { Problems } from './problems.ts';
import { SHT } from './sections.ts';
import { PT } from './segments.ts';

const NT_GNU_ABI_TAG = 1;
const NT_GNU_BUILD_ID = 3;
const NT_GNU_PROPERTY_TYPE_0 = 5;
const GNU_PROPERTY_AARCH64_FEATURE_1_AND = 0xc0000000;
const GNU_PROPERTY_X86_FEATURE_1_AND = 0xc0000002;
const GNU_PROPERTY_X86_ISA_1_NEEDED = 0xc0008002;

type Bits = readonly (readonly [bit: number, name: string])[];
const X86_FEATURES: Bits = [
  [1, 'IBT'],
  [2, 'SHSTK'],
];
const X86_LEVELS: Bits = [
  [1, 'x86-64-baseline'],
  [2, 'x86-64-v2'],
  [4, 'x86-64-v3'],
  [8, 'x86-64-v4'],
];
const ARM_FEATURES: Bits = [
  [1, 'BTI'],
  [2, 'PAC'],
  [4, 'GCS'],
];

/** Real files have a handful; SystemTap probes some hundred. */
const MOST_NOTES = 10_000;
const MOST_REGIONS = 256;
const LONGEST_BUILD_ID = 64;
const LONGEST_OWNER = 64;

interface Region {
  readonly offset: number;
  readonly size: number;
  readonly align: number;
}

/** Mutable while the notes are read. */
interface Collected {
  buildId: string | undefined;
  minimumKernel: string | undefined;
  readonly properties: Set<string>;
  readonly others: Map<string, { readonly name: string; readonly type: number }>;
  left: number;
}

/**
 * Reads all notes: those in PT_NOTE segments, which exist at run time, then those in sections outside of them. GNU properties
 * count only where the loader looks for them, in segments.
 */
export function readNotes(
  bytes: ElfBytes,
  segments: readonly Segment[],
  sections: readonly Section[],
  machineCode: number,
  problems: Problems,
): Notes {
  const collected: Collected = {
    buildId: undefined,
    minimumKernel: undefined,
    properties: new Set(),
    others: new Map(),
    left: MOST_NOTES,
  };
  const loaded = segments
    .filter((segment) => segment.typeCode === PT.NOTE)
    .slice(0, MOST_REGIONS)
    .map((segment): Region => ({ offset: segment.offset, size: segment.fileSize, align: segment.align }));
  const apart = sections
    .filter((section) => section.typeCode === SHT.NOTE)
    .slice(0, MOST_REGIONS)
    .filter(
      ({ offset, size }) => !loaded.some((note) => offset >= note.offset && offset + size <= note.offset + note.size),
    )
    .map(({ offset, size, align }): Region => ({ offset, size, align }));
  for (const region of loaded) readRegion(bytes, region, machineCode, collected, problems);
  const unseen = segments.length === 0 ? collected : { ...collected, properties: new Set<string>() };
  for (const region of apart) readRegion(bytes, region, machineCode, unseen, problems);
  const buildId = collected.buildId ?? unseen.buildId;
  const minimumKernel = collected.minimumKernel ?? unseen.minimumKernel;
  return {
    ...(buildId === undefined ? {} : { buildId }),
    properties: [...collected.properties],
    ...(minimumKernel === undefined ? {} : { minimumKernel }),
    others: [...collected.others.values()],
  };
}

function readRegion(
  bytes: ElfBytes,
  region: Region,
  machineCode: number,
  collected: Collected,
  problems: Problems,
): void {
  const end = Math.min(region.offset + region.size, bytes.size);
  // gABI: entries are padded to 4 bytes; those of segments with an alignment of 8 to 8 (as binutils and glibc do).
  const padTo = region.align === 8 ? 8 : 4;
  const pad = (size: number): number => Math.ceil(size / padTo) * padTo;
  let at = region.offset;
  while (at + 12 <= end) {
    if (collected.left-- <= 0) {
      problems.malformed(`The file has more than ${MOST_NOTES} notes.`, at);
      return;
    }
    const nameSize = bytes.u32(at);
    const size = bytes.u32(at + 4);
    const type = bytes.u32(at + 8);
    const descriptor = at + pad(12 + nameSize);
    if (descriptor + size > end) {
      problems.malformed('A note reaches beyond the end of its segment or section.', at);
      return;
    }
    const name = bytes.latin1(at + 12, Math.min(nameSize, LONGEST_OWNER)).replace(/\0+$/, '');
    readNote(bytes, { name, type, offset: descriptor, size }, machineCode, collected);
    at = at + pad(descriptor - at + size);
  }
}

interface Note {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

function readNote(bytes: ElfBytes, note: Note, machineCode: number, collected: Collected): void {
  if (note.name === 'GNU' && note.type === NT_GNU_BUILD_ID) {
    collected.buildId ??= bytes.range(note.offset, Math.min(note.size, LONGEST_BUILD_ID)).toString('hex');
  } else if (note.name === 'GNU' && note.type === NT_GNU_PROPERTY_TYPE_0) {
    readProperties(bytes, note, machineCode, collected.properties);
  } else if (note.name === 'GNU' && note.type === NT_GNU_ABI_TAG && note.size >= 16) {
    const [system, ...version] = [0, 4, 8, 12].map((step) => bytes.u32(note.offset + step));
    if (system === 0) collected.minimumKernel ??= version.join('.');
  } else {
    const key = `${note.name}\0${note.type}`;
    if (!collected.others.has(key)) collected.others.set(key, { name: note.name, type: note.type });
  }
}

/** The property array of a program property note (Linux gABI extensions; padded to the word of the class). */
function readProperties(bytes: ElfBytes, note: Note, machineCode: number, properties: Set<string>): void {
  const end = note.offset + note.size;
  for (let at = note.offset; at + 8 <= end; ) {
    const type = bytes.u32(at);
    const size = bytes.u32(at + 4);
    const value = size >= 4 && at + 12 <= end ? bytes.u32(at + 8) : 0;
    const table = propertyBits(type, machineCode);
    for (const [bit, name] of table) if ((value & bit) !== 0) properties.add(name);
    at += 8 + Math.ceil(size / bytes.word) * bytes.word;
  }
}

function propertyBits(type: number, machineCode: number): Bits {
  const x86 = machineCode === EM.X86_64 || machineCode === EM.I386;
  if (x86 && type === GNU_PROPERTY_X86_FEATURE_1_AND) return X86_FEATURES;
  if (x86 && type === GNU_PROPERTY_X86_ISA_1_NEEDED) return X86_LEVELS;
  if (machineCode === EM.AARCH64 && type === GNU_PROPERTY_AARCH64_FEATURE_1_AND) return ARM_FEATURES;
  return [];
}
