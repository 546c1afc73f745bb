import { EM } from '../elf/machine.ts';
import type { ElfImage } from '../elf/model.ts';
import type { GoMemory } from './memory.ts';
import { hashText, type PackageHashes } from './package-hashes.ts';

/** Where the parts of a plugin's moduledata lie (runtime/symtab.go). Addresses. */
export interface Moduledata {
  /** Versions of Go whose layout fitted. */
  readonly layout: string;
  /** Go's line table (runtime/symtab.go, pcHeader). */
  readonly lineTable: number;
  readonly types: number;
  readonly typesEnd: number;
  readonly table: { readonly address: number; readonly count: number };
  readonly pluginPath: string;
  /** In the order in which plugin.Open compares them. */
  readonly packages: readonly { readonly path: string; readonly hash: string }[];
}

export type ModuledataReading =
  | { readonly found: Moduledata }
  /** What was looked at, for a person. */
  | { readonly found?: undefined; readonly tried: string };

interface Layout {
  readonly versions: string;
  /** Bytes from the start of moduledata. */
  readonly types: number;
  /** Of textsectmap; the plugin's own fields come at fixed distances behind it. */
  readonly sections: number;
}

/** Found by running each toolchain; runtime/symtab.go has the declarations. */
const LAYOUTS: readonly Layout[] = [
  { versions: '1.26', types: 296, sections: 336 },
  { versions: '1.20 to 1.25', types: 296, sections: 328 },
  { versions: '1.18 to 1.19', types: 280, sections: 312 },
];

const TABLE = 72;
const PLUGIN_PATH = 96;
const PACKAGE_HASHES = 112;
const HASH_ENTRY = 40;
const TABLE_ENTRY = 8;
const LONGEST_PATH = 4096;
const MOST_SYMBOLS = 100_000;
const MOST_PACKAGES = 100_000;
/** A plugin has one of its own and those of C code. */
const MOST_INITIALIZERS = 256;
/** Entries that are compared with the dynamic symbols at least, where these are looked up one by one. */
const CHECKED = 4;

/**
 * Finds a plugin's moduledata and checks it against what is known from elsewhere, so that no layout is guessed: the list of
 * package hashes must agree with the dynamic symbols.
 * @param hashes from the dynamic symbols
 */
export function readModuledata(memory: GoMemory, image: ElfImage, hashes: PackageHashes): ModuledataReading {
  const candidates = candidateAddresses(memory, image);
  for (const address of candidates) {
    for (const layout of LAYOUTS) {
      const found = tryLayout(memory, address, layout, hashes);
      if (found !== undefined) return { found };
    }
  }
  const places = candidates.length === 0 ? 'no place that could be it was found' : 'none fitted';
  const layouts = LAYOUTS.map(({ versions }) => versions).join(', ');
  return {
    tried: `The section .go.module and ${image.dynamic.initArray} initializers were searched for the table of the plugin, in the layouts of Go ${layouts}: ${places}.`,
  };
}

function candidateAddresses(memory: GoMemory, image: ElfImage): readonly number[] {
  const section = image.sections.find(({ name }) => name === '.go.module');
  const fromCode = memory.initializers(MOST_INITIALIZERS).flatMap((start) => passedModule(memory, start) ?? []);
  return [...new Set([...(section === undefined ? [] : [section.address]), ...fromCode])];
}

/**
 * The address that a plugin's initializer hands to runtime.addmoduledata (cmd/link, addinitarrdata and gentext): on amd64
 * `lea rdi, [rip+n]` or a load from the GOT, on arm64 `adrp x0; add x0` or `adrp; ldr`.
 */
function passedModule(memory: GoMemory, start: number): number | undefined {
  if (memory.machineCode === EM.X86_64) {
    for (let at = start; at < start + 16; at += 1) {
      if (memory.u8(at) !== 0x48 || memory.u8(at + 2) !== 0x3d) continue;
      const target = at + 7 + memory.i32(at + 3);
      if (memory.u8(at + 1) === 0x8d) return target;
      if (memory.u8(at + 1) === 0x8b) return memory.pointer(target);
    }
  } else if (memory.machineCode === EM.AARCH64) {
    for (let at = start; at < start + 24; at += 4) {
      const page = memory.u32(at);
      if ((page & 0x9f00001f) >>> 0 !== 0x90000000) continue;
      const pages = ((((page >>> 5) & 0x7ffff) << 2) | ((page >>> 29) & 3)) << 11;
      const base = (Math.floor(at / 4096) + (pages >> 11)) * 4096;
      const next = memory.u32(at + 4);
      if ((next & 0xffc003ff) >>> 0 === 0x91000000) return base + ((next >>> 10) & 0xfff);
      if ((next & 0xffc003ff) >>> 0 === 0xf9400000) return memory.pointer(base + ((next >>> 10) & 0xfff) * 8);
    }
  }
  return undefined;
}

function tryLayout(
  memory: GoMemory,
  start: number,
  { versions, types: typesAt, sections }: Layout,
  hashes: PackageHashes,
): Moduledata | undefined {
  // Lengths first: pointers that are none make all relocations be read.
  const table = sliceAt(memory, start + sections + TABLE, TABLE_ENTRY, MOST_SYMBOLS);
  const list = sliceAt(memory, start + sections + PACKAGE_HASHES, HASH_ENTRY, MOST_PACKAGES);
  if (table === undefined || list === undefined || list.count === 0) return undefined;
  const types = memory.pointer(start + typesAt);
  const typesEnd = memory.pointer(start + typesAt + 8);
  if (!(types < typesEnd) || !memory.has(types, typesEnd - types)) return undefined;
  const pluginPath = memory.string(start + sections + PLUGIN_PATH, LONGEST_PATH);
  if (pluginPath === undefined || pluginPath === '' || hasControlCharacter(pluginPath)) return undefined;
  const packages: { path: string; hash: string }[] = [];
  const seen = new Set<string>();
  const step = Math.max(1, Math.floor(list.count / CHECKED));
  const entries = memory.range(list.address, list.count * HASH_ENTRY);
  for (let index = 0; index < list.count; index += 1) {
    const at = index * HASH_ENTRY;
    const path = textAt(memory, list.address + at, lengthIn(entries, at + 8));
    const length = lengthIn(entries, at + 24);
    const hash = length > 64 ? '' : hashText(memory, memory.pointer(list.address + at + 16), length);
    if (path === '' || hash === '' || seen.has(path)) return undefined;
    if ((hashes instanceof Map || index % step === 0) && hashes.get(path) !== hash) return undefined;
    seen.add(path);
    packages.push({ path, hash });
  }
  return { layout: versions, lineTable: memory.pointer(start), types, typesEnd, table, pluginPath, packages };
}

/** A length in a string header; a number that is none becomes too large for everything. */
function lengthIn(entries: Buffer, at: number): number {
  return entries.readUInt32LE(at + 4) === 0 ? entries.readUInt32LE(at) : Number.MAX_SAFE_INTEGER;
}

/** A text by the address of the pointer to it; empty when it is not in the file or too long. */
function textAt(memory: GoMemory, at: number, length: number): string {
  return length > LONGEST_PATH ? '' : memory.text(memory.pointer(at), length, 'utf8');
}

/** A slice header whose length is its capacity, as the linker writes it, with all entries in the file. */
function sliceAt(
  memory: GoMemory,
  at: number,
  entry: number,
  most: number,
): { readonly address: number; readonly count: number } | undefined {
  const count = memory.u64(at + 8);
  if (count !== memory.u64(at + 16) || count > most || !memory.has(at, 24)) return undefined;
  const address = memory.pointer(at);
  return count === 0 || memory.has(address, count * entry) ? { address, count } : undefined;
}

function hasControlCharacter(text: string): boolean {
  return /[\u0000-\u0020\u007f]/.test(text);
}
