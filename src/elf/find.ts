import type { ElfBytes } from './cursor.ts';
import { DT, type DynamicTable } from './dynamic.ts';
import { usesWideHash } from './hash.ts';
import { bitAt } from './lookup.ts';
import type { ElfSymbol } from './model.ts';
import { gnuHashOf, sysvHash } from './name-hash.ts';
import type { AddressMap } from './segments.ts';
import { readSymbol, type SymbolTable } from './symbols.ts';

/** The definitions that the dynamic loader comes to when it looks for a name (one character a byte), all versions. */
export type FindSymbols = (name: string) => readonly ElfSymbol[];

/** Visits the places in the symbol table that a hash table gives for a name, before the names are compared. */
type Candidates = (name: string, visit: (index: number) => void) => void;

/** What is left of {@link MOST_STEPS}. */
interface Budget {
  left: number;
}

/** Definitions of one name; real files have a handful of versions, a hostile one as many as it likes. */
const MOST_VERSIONS = 256;
/**
 * Entries of chains that are looked at for all names together. Real chains have some ten; a hostile one can hold the whole
 * table, and be asked for a hundred thousand names.
 */
const MOST_STEPS = 20_000_000;

/**
 * Looks symbols up by name through the hash table, as the dynamic loader does, without reading the symbol table.
 * @returns undefined where the file has no hash table that could be read
 */
export function symbolFinder(
  symbols: SymbolTable,
  table: DynamicTable,
  map: AddressMap,
  machineCode: number,
): FindSymbols | undefined {
  const budget: Budget = { left: MOST_STEPS };
  const candidates = candidatesOf(symbols, table, map, machineCode, budget);
  if (candidates === undefined) return undefined;
  const { bytes, offset, strings, problems } = symbols;
  const size = bytes.wide ? 24 : 16;
  return (name) => {
    const found: ElfSymbol[] = [];
    candidates(name, (index) => {
      if (found.length >= MOST_VERSIONS || !strings.is(bytes.u32(offset + index * size), name)) return;
      const symbol = readSymbol(symbols, index, name);
      if (symbol !== undefined && symbol.section !== 0) found.push(symbol);
    });
    if (budget.left <= 0) problems.malformed('The chains of the hash table are longer than any linker makes them.');
    return found;
  };
}

/** Loaders that know the GNU table look at nothing else (glibc do_lookup_x, musl find_sym). */
function candidatesOf(
  { bytes, count }: SymbolTable,
  table: DynamicTable,
  map: AddressMap,
  machineCode: number,
  budget: Budget,
): Candidates | undefined {
  const gnu = table.get(DT.GNU_HASH);
  if (gnu !== undefined) return gnuCandidates(bytes, map.offsetOf(gnu), map.roomAt(gnu), count, budget);
  const sysv = table.get(DT.HASH);
  if (sysv === undefined) return undefined;
  const eight = usesWideHash(bytes, machineCode);
  return sysvCandidates(bytes, map.offsetOf(sysv), map.roomAt(sysv), eight, count, budget);
}

function gnuCandidates(
  bytes: ElfBytes,
  offset: number | undefined,
  room: number,
  count: number,
  budget: Budget,
): Candidates | undefined {
  if (offset === undefined || room < 16) return undefined;
  const { word } = bytes;
  const buckets = bytes.u32(offset);
  const first = bytes.u32(offset + 4);
  const filters = bytes.u32(offset + 8);
  const shift = bytes.u32(offset + 12) & 31;
  const bucketsAt = offset + 16 + filters * word;
  const chainsAt = bucketsAt + 4 * buckets;
  if (chainsAt > offset + room || buckets === 0 || filters === 0) return undefined;
  return (name, visit) => {
    const hash = gnuHashOf(name);
    const at = offset + 16 + (Math.floor(hash / (8 * word)) & (filters - 1)) * word;
    if (!bitAt(bytes, at, hash % (8 * word)) || !bitAt(bytes, at, (hash >>> shift) % (8 * word))) return;
    let index = bytes.u32(bucketsAt + 4 * (hash % buckets));
    if (index < first) return;
    for (; index < count && budget.left > 0; index++, budget.left--) {
      const entry = bytes.u32(chainsAt + 4 * (index - first));
      if (entry >>> 1 === hash >>> 1) visit(index);
      if ((entry & 1) !== 0) return;
    }
  };
}

function sysvCandidates(
  bytes: ElfBytes,
  offset: number | undefined,
  room: number,
  eight: boolean,
  count: number,
  budget: Budget,
): Candidates | undefined {
  const size = eight ? 8 : 4;
  if (offset === undefined || room < 2 * size) return undefined;
  const entry = (index: number) => (eight ? bytes.u64(offset + 8 * index) : bytes.u32(offset + 4 * index));
  const buckets = entry(0);
  if ((2 + buckets + count) * size > room || buckets === 0) return undefined;
  return (name, visit) => {
    let index = entry(2 + (sysvHash(name) % buckets));
    // A list that is a ring ends with the symbols that there are.
    for (let steps = 0; index > 0 && index < count && steps < count && budget.left > 0; steps++, budget.left--) {
      visit(index);
      index = entry(2 + buckets + index);
    }
  };
}
