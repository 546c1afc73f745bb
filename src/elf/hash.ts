import type { ElfBytes } from './cursor.ts';
import { DT, type DynamicTable } from './dynamic.ts';
import { EM } from './machine.ts';
import type { Section } from './model.ts';
import type { Problems } from './problems.ts';
import { SHT } from './sections.ts';
import type { AddressMap } from './segments.ts';

/** What a hash table tells of the symbol table. */
interface HashCount {
  readonly count: number;
  /** The table covers every symbol; an empty DT_GNU_HASH says nothing about undefined ones. */
  readonly complete: boolean;
}

/**
 * The number of dynamic symbols. Nothing in the dynamic section says it, and section headers can be missing or lie:
 * the hash tables, which the loader itself uses, come first.
 * @param highestReferenced highest symbol index that a relocation uses
 */
export function countSymbols(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  sections: readonly Section[],
  machineCode: number,
  highestReferenced: () => number,
  problems: Problems,
): number {
  const address = table.get(DT.SYMTAB);
  if (address === undefined) return 0;
  const entry = bytes.wide ? 24 : 16;
  if ((table.get(DT.SYMENT) ?? entry) !== entry) {
    problems.malformed(`A dynamic symbol has ${table.get(DT.SYMENT)} bytes (DT_SYMENT); it must have ${entry}.`);
  }
  const room = Math.floor(map.roomAt(address) / entry);
  if (room === 0) {
    problems.malformed('The dynamic symbol table (DT_SYMTAB) lies outside the loaded segments of the file.');
    return 0;
  }
  const hashes = [
    fromSysvHash(bytes, table, map, machineCode, problems),
    fromGnuHash(bytes, table, map, problems),
  ].filter((found) => found !== undefined);
  let count = Math.max(0, ...hashes.map((found) => found.count));
  if (!hashes.some((found) => found.complete)) {
    const section = sections.find((candidate) => candidate.typeCode === SHT.DYNSYM && candidate.address === address);
    const claimed = section === undefined ? 0 : Math.floor(section.size / entry);
    count = Math.max(count, claimed, table.get(DT.MIPS_SYMTABNO) ?? 0, highestReferenced() + 1);
  }
  if (count > room) {
    problems.malformed(`The hash table speaks of ${count} dynamic symbols, but only ${room} fit into the segment.`);
    return room;
  }
  return count;
}

/** The index of the first symbol that DT_GNU_HASH covers: linkers put undefined symbols before it. */
export function firstHashed(bytes: ElfBytes, table: DynamicTable, map: AddressMap): number | undefined {
  const address = table.get(DT.GNU_HASH);
  const offset = address === undefined ? undefined : map.offsetOf(address);
  const symbols = Math.floor(map.roomAt(table.get(DT.SYMTAB) ?? -1) / (bytes.wide ? 24 : 16));
  if (offset === undefined || symbols === 0) return undefined;
  const first = bytes.u32(offset + 4);
  return first > 0 && first <= symbols ? first : undefined;
}

/** 64-bit s390 and Alpha have entries of 8 bytes in DT_HASH, against the gABI. */
export function usesWideHash(bytes: ElfBytes, machineCode: number): boolean {
  return bytes.wide && (machineCode === EM.S390 || machineCode === EM.ALPHA);
}

/** DT_HASH: nbucket, nchain, buckets, chains (gABI chapter 5). There is one chain entry for each symbol. */
function fromSysvHash(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  machineCode: number,
  problems: Problems,
): HashCount | undefined {
  const address = table.get(DT.HASH);
  if (address === undefined) return undefined;
  const eight = usesWideHash(bytes, machineCode);
  const size = eight ? 8 : 4;
  const offset = map.offsetOf(address);
  if (offset === undefined || map.roomAt(address) < 2 * size) {
    problems.malformed('The hash table (DT_HASH) lies outside the loaded segments of the file.');
    return undefined;
  }
  const count = eight ? bytes.u64(offset + 8) : bytes.u32(offset + 4);
  return { count, complete: true };
}

/**
 * DT_GNU_HASH: nbuckets, symoffset, bloom words, shift, bloom filter, buckets, chains. The chain that starts at the
 * highest bucket ends with the last symbol.
 */
function fromGnuHash(bytes: ElfBytes, table: DynamicTable, map: AddressMap, problems: Problems): HashCount | undefined {
  const address = table.get(DT.GNU_HASH);
  if (address === undefined) return undefined;
  const offset = map.offsetOf(address);
  const room = map.roomAt(address);
  if (offset === undefined || room < 16) {
    problems.malformed('The hash table (DT_GNU_HASH) lies outside the loaded segments of the file.');
    return undefined;
  }
  const buckets = bytes.u32(offset);
  const first = bytes.u32(offset + 4);
  const bucketsAt = 16 + bytes.u32(offset + 8) * bytes.word;
  const chainsAt = bucketsAt + buckets * 4;
  if (chainsAt > room) {
    problems.malformed(`The hash table (DT_GNU_HASH) with ${buckets} buckets does not fit into its segment.`, offset);
    return undefined;
  }
  let highest = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = bytes.u32(offset + bucketsAt + bucket * 4);
    if (start > highest) highest = start;
  }
  if (highest < first) return { count: first, complete: false };
  for (let at = chainsAt + (highest - first) * 4; at + 4 <= room; at += 4, highest++) {
    if ((bytes.u32(offset + at) & 1) !== 0) return { count: highest + 1, complete: true };
  }
  problems.malformed('The last chain of the hash table (DT_GNU_HASH) has no end.', offset);
  return undefined;
}
