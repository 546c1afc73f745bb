import type { ElfBytes } from './cursor.ts';
import { DT, type DynamicTable } from './dynamic.ts';
import { usesWideHash } from './hash.ts';
import { EM } from './machine.ts';
import type { ElfSymbol } from './model.ts';
import { someNames } from './name.ts';
import { sysvHash } from './name-hash.ts';
import type { Problems } from './problems.ts';
import type { AddressMap } from './segments.ts';

/** Whether the dynamic loader comes from a name to the symbol at an index of the table. */
type Finds = (index: number, name: string) => boolean;

/** The symbol table that is checked. */
export interface LookedUp {
  readonly symbols: readonly ElfSymbol[];
  /** Place of each symbol in the symbol table. */
  readonly indexes: readonly number[];
  /** The hash of DT_GNU_HASH of the name of the symbol at an index. */
  readonly hashAt: (index: number) => number;
  /** Entries of the symbol table. */
  readonly count: number;
}

/**
 * Checks that the exported symbols can be found by name. dlsym and the dynamic linker know the hash table only: a
 * symbol that stands in the symbol table and not in the hash table is seen by every tool that lists symbols, and by no
 * host.
 */
export function checkLookup(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  machineCode: number,
  { symbols, indexes, hashAt, count }: LookedUp,
  problems: Problems,
): void {
  // MIPS may have a hash table of its own form (DT_MIPS_XHASH), which is not read here.
  const other = machineCode === EM.MIPS && table.get(DT.HASH) === undefined;
  if (symbols.length === 0 || other) return;
  const gnu = table.get(DT.GNU_HASH);
  const sysv = table.get(DT.HASH);
  // Loaders that know the GNU table look at nothing else (glibc do_lookup_x, musl find_sym).
  const [finds, name] =
    gnu !== undefined
      ? [inGnuHash(bytes, map.offsetOf(gnu), map.roomAt(gnu), hashAt), 'the hash table (DT_GNU_HASH)']
      : sysv !== undefined
        ? [
            inSysvHash(bytes, map.offsetOf(sysv), map.roomAt(sysv), usesWideHash(bytes, machineCode), count),
            'the hash table (DT_HASH)',
          ]
        : [() => false, 'a hash table, which the file lacks'];
  // A table that cannot be read at all is told where the symbols are counted.
  if (finds === undefined) return;
  const lost = symbols.filter((symbol, at) => !finds(indexes[at] ?? 0, symbol.name));
  if (lost.length === 0) return;
  problems.malformed(
    `The symbol table exports ${someNames(lost)}, but the dynamic loader cannot find ${lost.length === 1 ? 'it' : 'them'} through ${name}.`,
  );
}

/** DT_GNU_HASH as glibc reads it (elf/dl-lookup.c do_lookup_x): bloom filter, bucket, chain. */
function inGnuHash(
  bytes: ElfBytes,
  offset: number | undefined,
  room: number,
  hashAt: (index: number) => number,
): Finds | undefined {
  if (offset === undefined || room < 16) return undefined;
  const { word } = bytes;
  const buckets = bytes.u32(offset);
  const first = bytes.u32(offset + 4);
  const filters = bytes.u32(offset + 8);
  const shift = bytes.u32(offset + 12) & 31;
  const bucketsAt = offset + 16 + filters * word;
  const chainsAt = bucketsAt + 4 * buckets;
  if (chainsAt > offset + room) return undefined;
  if (buckets === 0 || filters === 0) return () => false;
  const bits = 8 * word;
  const filterAt = offset + 16;
  // Symbols come in the order of the table, so the beginning of a chain is found while going on.
  let chainStart = first;
  let seen = first;
  return (index) => {
    for (; seen < index; seen++) if ((bytes.u32(chainsAt + 4 * (seen - first)) & 1) !== 0) chainStart = seen + 1;
    const hash = hashAt(index);
    const start = bytes.u32(bucketsAt + 4 * (hash % buckets));
    if (start < Math.max(chainStart, first) || start > index) return false;
    if (bytes.u32(chainsAt + 4 * (index - first)) >>> 1 !== hash >>> 1) return false;
    const at = filterAt + (Math.floor(hash / bits) & (filters - 1)) * word;
    return bitAt(bytes, at, hash % bits) && bitAt(bytes, at, (hash >>> shift) % bits);
  };
}

/** DT_HASH (gABI chapter 5): each bucket begins a list through the chain entries. */
function inSysvHash(
  bytes: ElfBytes,
  offset: number | undefined,
  room: number,
  eight: boolean,
  count: number,
): Finds | undefined {
  const size = eight ? 8 : 4;
  if (offset === undefined || room < 2 * size) return undefined;
  const entry = (index: number) => (eight ? bytes.u64(offset + 8 * index) : bytes.u32(offset + 4 * index));
  const buckets = entry(0);
  if ((2 + buckets + count) * size > room) return undefined;
  if (buckets === 0) return () => false;
  // The lists of two buckets share nothing, so that each symbol is in one at most; this also ends lists that are rings.
  const bucketOf = new Map<number, number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    for (let at = entry(2 + bucket); at > 0 && at < count && !bucketOf.has(at); at = entry(2 + buckets + at)) {
      bucketOf.set(at, bucket);
    }
  }
  return (index, name) => bucketOf.get(index) === sysvHash(name) % buckets;
}

export function bitAt(bytes: ElfBytes, at: number, bit: number): boolean {
  const byte = bit >>> 3;
  return (bytes.u8(at + (bytes.little ? byte : bytes.word - 1 - byte)) & (1 << (bit & 7))) !== 0;
}
