import { ElfBytes } from '../elf/cursor.ts';
import { DT, type DynamicTable, readDynamicTable } from '../elf/dynamic.ts';
import { EM } from '../elf/machine.ts';
import type { ElfImage } from '../elf/model.ts';
import { Problems } from '../elf/problems.ts';
import { AddressMap } from '../elf/segments.ts';

/** Relocations that matter for Go's data, by their numbers in the processor supplements (psABI). */
const RELOCATIONS: Readonly<Record<number, { readonly relative: number; readonly symbol: readonly number[] }>> = {
  [EM.X86_64]: { relative: 8, symbol: [1, 6] },
  [EM.AARCH64]: { relative: 1027, symbol: [257, 1025] },
};

const RELA_SIZE = 24;
const SYMBOL_SIZE = 24;

/**
 * The data of a Go binary as it is in memory after the dynamic loader has relocated it to address 0. Pointers in the file
 * can be 0 where a relocation (DT_RELA) fills them in. Nothing throws for a bad address: what is not there reads as 0 or as
 * an empty text.
 */
export class GoMemory {
  readonly machineCode: number;
  readonly #bytes: ElfBytes;
  readonly #map: AddressMap;
  readonly #table: DynamicTable;
  readonly #relative: SortedRelocations;
  #relocated: Relocated | undefined;

  /**
   * @param file the bytes that `image` was read from: 64 bits, little endian (see {@link canBeRead})
   */
  constructor(file: Uint8Array | ElfBytes, image: ElfImage) {
    // By shape: the class is another one in another bundle.
    const bytes = 'u32' in file ? file : new ElfBytes(file, true, true);
    this.machineCode = image.header.machineCode;
    this.#bytes = bytes;
    this.#map = new AddressMap(image.segments, bytes.size);
    this.#table = readDynamicTable(bytes, image.segments, this.#map, new Problems());
    this.#relative = new SortedRelocations(bytes, this.#map, this.#table, this.machineCode);
  }

  /** Whether `size` bytes at an address are in the file. */
  has(address: number, size: number): boolean {
    return size >= 0 && this.#map.roomAt(address) >= size;
  }

  u8(address: number): number {
    return this.has(address, 1) ? this.#bytes.u8(this.#offset(address)) : 0;
  }

  u16(address: number): number {
    return this.has(address, 2) ? this.#bytes.u16(this.#offset(address)) : 0;
  }

  u32(address: number): number {
    return this.has(address, 4) ? this.#bytes.u32(this.#offset(address)) : 0;
  }

  i32(address: number): number {
    return this.u32(address) | 0;
  }

  /** A length, or another 64-bit number that no relocation touches. */
  u64(address: number): number {
    return this.has(address, 8) ? this.#bytes.u64(this.#offset(address)) : 0;
  }

  /** A pointer, relocated. */
  pointer(address: number): number {
    const relative = this.#relative.at(address);
    if (relative !== undefined) return relative;
    this.#relocated ??= readRelocated(this.#bytes, this.#map, this.#table, this.machineCode);
    return relocatedAt(this.#relocated, address) ?? this.u64(address);
  }

  /** Bytes at an address, not copied; empty when they are not all there. */
  range(address: number, size: number): Buffer {
    return this.has(address, size) ? this.#bytes.range(this.#offset(address), size) : Buffer.alloc(0);
  }

  /** Bytes at an address as text; empty when they are not all there. */
  text(address: number, size: number, encoding: 'utf8' | 'hex'): string {
    return this.has(address, size) ? this.#bytes.text(this.#offset(address), size, encoding) : '';
  }

  /** A Go string header {pointer, length} at an address; undefined when it is longer than `longest` or not in the file. */
  string(address: number, longest: number): string | undefined {
    const length = this.u64(address + 8);
    const start = this.pointer(address);
    if (!this.has(address, 16) || length > longest) return undefined;
    if (length === 0) return '';
    return this.has(start, length) ? this.text(start, length, 'utf8') : undefined;
  }

  /** Entries of DT_INIT_ARRAY: addresses of functions; at most `most`. */
  initializers(most: number): readonly number[] {
    const start = this.#table.get(DT.INIT_ARRAY);
    const count = Math.min(Math.floor((this.#table.get(DT.INIT_ARRAYSZ) ?? 0) / 8), most);
    if (start === undefined) return [];
    return Array.from({ length: count }, (_, index) => this.pointer(start + 8 * index));
  }

  #offset(address: number): number {
    return this.#map.offsetOf(address) ?? this.#bytes.size;
  }
}

/** Whether this is a kind of file whose Go data is read here: what Go's plugin mode makes on Linux, but for rare machines. */
export function canBeRead({ header }: ElfImage): boolean {
  return header.class === 64 && header.endian === 'little' && RELOCATIONS[header.machineCode] !== undefined;
}

/**
 * The relative relocations at the start of DT_RELA, whose number is DT_RELACOUNT. Linkers sort them by address, so one is
 * found without reading the others; where they are not sorted it is not found here, and all are read.
 */
class SortedRelocations {
  readonly #bytes: ElfBytes;
  readonly #offset: number;
  readonly #count: number;
  readonly #type: number;
  /** Behind the one that was asked for last: tables are read in the order of addresses. */
  #next = 0;

  constructor(bytes: ElfBytes, map: AddressMap, table: DynamicTable, machineCode: number) {
    const start = table.get(DT.RELA);
    const room = start === undefined ? 0 : Math.min(table.get(DT.RELASZ) ?? 0, map.roomAt(start));
    this.#bytes = bytes;
    this.#offset = (start === undefined ? undefined : map.offsetOf(start)) ?? 0;
    this.#count = Math.min(table.get(DT.RELACOUNT) ?? 0, Math.floor(room / RELA_SIZE));
    this.#type = RELOCATIONS[machineCode]?.relative ?? -1;
  }

  at(address: number): number | undefined {
    let low = 0;
    let high = this.#count;
    if (this.#next < high && this.#where(this.#next) === address) low = this.#next;
    else {
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.#where(middle) < address) low = middle + 1;
        else high = middle;
      }
      if (low >= this.#count || this.#where(low) !== address) return undefined;
    }
    this.#next = low + 1;
    const at = this.#offset + low * RELA_SIZE;
    return this.#bytes.u32(at + 8) === this.#type ? this.#bytes.u64(at + 16) : undefined;
  }

  #where(index: number): number {
    return this.#bytes.u64(this.#offset + index * RELA_SIZE);
  }
}

/** What relocations write, by the address they write to. */
interface Relocated {
  /** Addresses and values of relative relocations, sorted by address. */
  readonly addresses: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  readonly symbols: ReadonlyMap<number, number>;
}

function readRelocated(bytes: ElfBytes, map: AddressMap, table: DynamicTable, machineCode: number): Relocated {
  const kinds = RELOCATIONS[machineCode];
  const start = table.get(DT.RELA);
  const offset = start === undefined ? undefined : map.offsetOf(start);
  const size = start === undefined ? 0 : Math.min(table.get(DT.RELASZ) ?? 0, map.roomAt(start));
  const most = kinds === undefined || offset === undefined ? 0 : Math.floor(size / RELA_SIZE);
  const addresses = new Float64Array(most);
  const values = new Float64Array(most);
  const symbols = new Map<number, number>();
  const symbolTable = table.get(DT.SYMTAB);
  let count = 0;
  let sorted = true;
  for (let index = 0; index < most; index += 1) {
    const at = (offset ?? 0) + index * RELA_SIZE;
    const type = bytes.u32(at + 8);
    const where = bytes.u64(at);
    const addend = bytes.u64(at + 16);
    if (type === kinds?.relative) {
      if (count > 0 && where < (addresses[count - 1] ?? 0)) sorted = false;
      addresses[count] = where;
      values[count] = addend;
      count += 1;
    } else if (kinds?.symbol.includes(type) === true && symbolTable !== undefined) {
      const entry = map.offsetOf(symbolTable + bytes.u32(at + 12) * SYMBOL_SIZE);
      const value = entry === undefined ? 0 : bytes.u64(entry + 8);
      // An undefined symbol comes from another file; its place stays empty here.
      symbols.set(where, value === 0 ? 0 : value + addend);
    }
  }
  return sorted ? { addresses, values, count, symbols } : inOrder({ addresses, values, count, symbols });
}

function inOrder({ addresses, values, count, symbols }: Relocated): Relocated {
  const order = Uint32Array.from({ length: count }, (_, index) => index).sort(
    (a, b) => (addresses[a] ?? 0) - (addresses[b] ?? 0),
  );
  return {
    addresses: Float64Array.from(order, (index) => addresses[index] ?? 0),
    values: Float64Array.from(order, (index) => values[index] ?? 0),
    count,
    symbols,
  };
}

function relocatedAt({ addresses, values, count, symbols }: Relocated, address: number): number | undefined {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((addresses[middle] ?? 0) < address) low = middle + 1;
    else high = middle;
  }
  return low < count && addresses[low] === address ? values[low] : symbols.get(address);
}
