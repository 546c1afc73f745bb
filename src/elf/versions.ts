import type { ElfBytes } from './cursor.ts';
import { DT, type DynamicTable } from './dynamic.ts';
import type { VersionDefinition, VersionNeed } from './model.ts';
import type { Problems } from './problems.ts';
import type { AddressMap } from './segments.ts';
import type { StringTable } from './strings.ts';

/** Bit of a versym entry: the symbol is not the default one of its name (`@` and not `@@`). */
export const VERSYM_HIDDEN = 0x8000;
export const VER_NDX_GLOBAL = 1;
const VER_FLG_BASE = 1;
const VER_FLG_WEAK = 2;

/** A version index has 15 bits, so no more can be told apart; each may have as many names of parents. */
const MOST_ENTRIES = 65_536;

export interface Versions {
  readonly defined: readonly VersionDefinition[];
  readonly needed: readonly VersionNeed[];
  /** Version names by index. */
  readonly definedByIndex: ReadonlyMap<number, string>;
  readonly neededByIndex: ReadonlyMap<number, { readonly name: string; readonly library: string }>;
  /** File offset of the versym array; undefined when symbols have no versions. */
  readonly versym?: number;
  /** Entries of that array that lie inside its segment. */
  readonly versymCount: number;
}

/**
 * Reads DT_VERDEF, DT_VERNEED and the place of DT_VERSYM (LSB core, symbol versioning). The lists are linked by
 * unsigned distances, so they only go forward; how many entries are read is limited.
 */
export function readVersions(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  strings: StringTable,
  problems: Problems,
): Versions {
  const defined = readDefinitions(bytes, table, map, strings, problems);
  const needed = readNeeds(bytes, table, map, strings, problems);
  const versymAddress = table.get(DT.VERSYM);
  const versym = versymAddress === undefined ? undefined : map.offsetOf(versymAddress);
  if (versymAddress !== undefined && versym === undefined) {
    problems.malformed('The table of symbol versions (DT_VERSYM) lies outside the loaded segments of the file.');
  }
  return {
    defined,
    needed,
    definedByIndex: new Map(defined.map((version) => [version.index, version.name])),
    neededByIndex: new Map(
      needed.flatMap(({ library, versions }) => versions.map(({ index, name }) => [index, { name, library }] as const)),
    ),
    ...(versym === undefined ? {} : { versym }),
    versymCount: versymAddress === undefined ? 0 : Math.floor(map.roomAt(versymAddress) / 2),
  };
}

/** A linked list in the file: where it starts, and where its segment ends. */
interface List {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

function listAt(
  table: DynamicTable,
  map: AddressMap,
  tag: number,
  countTag: number,
  name: string,
  problems: Problems,
): List | undefined {
  const address = table.get(tag);
  if (address === undefined) return undefined;
  const start = map.offsetOf(address);
  if (start === undefined) {
    problems.malformed(`The version table (${name}) lies outside the loaded segments of the file.`);
    return undefined;
  }
  return { start, end: start + map.roomAt(address), count: table.get(countTag) ?? 0 };
}

/** Walks entries linked by distance; `visit` returns the distance to the next, 0 at the end. */
function walk(
  list: List,
  entrySize: number,
  limit: { left: number },
  name: string,
  problems: Problems,
  visit: (at: number) => number,
): void {
  let at = list.start;
  for (let index = 0; index < list.count; index++) {
    if (at + entrySize > list.end) {
      problems.malformed(`An entry of the version table (${name}) lies outside its segment.`, at);
      return;
    }
    if (limit.left-- <= 0) {
      problems.malformed(`The version table (${name}) has more than ${MOST_ENTRIES} entries.`, at);
      return;
    }
    const next = visit(at);
    if (next === 0) {
      if (index + 1 < list.count) problems.malformed(`The version table (${name}) ends before its count.`, at);
      return;
    }
    at += next;
  }
}

function readDefinitions(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  strings: StringTable,
  problems: Problems,
): readonly VersionDefinition[] {
  const list = listAt(table, map, DT.VERDEF, DT.VERDEFNUM, 'DT_VERDEF', problems);
  const definitions: VersionDefinition[] = [];
  if (list === undefined) return definitions;
  const limit = { left: MOST_ENTRIES };
  walk(list, 20, limit, 'DT_VERDEF', problems, (at) => {
    const flags = bytes.u16(at + 2);
    const parts: string[] = [];
    const aux = { start: at + bytes.u32(at + 12), end: list.end, count: bytes.u16(at + 6) };
    walk(aux, 8, limit, 'DT_VERDEF', problems, (part) => {
      parts.push(strings.at(bytes.u32(part)));
      return bytes.u32(part + 4);
    });
    const [name = '', ...parents] = parts;
    definitions.push({
      name,
      index: bytes.u16(at + 4) & ~VERSYM_HIDDEN,
      base: (flags & VER_FLG_BASE) !== 0,
      weak: (flags & VER_FLG_WEAK) !== 0,
      parents,
    });
    return bytes.u32(at + 16);
  });
  return definitions;
}

function readNeeds(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  strings: StringTable,
  problems: Problems,
): readonly VersionNeed[] {
  const list = listAt(table, map, DT.VERNEED, DT.VERNEEDNUM, 'DT_VERNEED', problems);
  const needs: VersionNeed[] = [];
  if (list === undefined) return needs;
  const limit = { left: MOST_ENTRIES };
  walk(list, 16, limit, 'DT_VERNEED', problems, (at) => {
    const versions: { name: string; index: number; weak: boolean }[] = [];
    const aux = { start: at + bytes.u32(at + 8), end: list.end, count: bytes.u16(at + 2) };
    walk(aux, 16, limit, 'DT_VERNEED', problems, (part) => {
      versions.push({
        name: strings.at(bytes.u32(part + 8)),
        index: bytes.u16(part + 6) & ~VERSYM_HIDDEN,
        weak: (bytes.u16(part + 4) & VER_FLG_WEAK) !== 0,
      });
      return bytes.u32(part + 12);
    });
    needs.push({ library: strings.at(bytes.u32(at + 4)), versions });
    return bytes.u32(at + 12);
  });
  return needs;
}
