import type { ElfBytes } from './cursor.ts';
import { DT, type DynamicTable } from './dynamic.ts';
import { EM } from './machine.ts';
import type { Relocations } from './model.ts';
import type { Problems } from './problems.ts';
import { type RelocationKind, relocationTypes } from './relocation-types.ts';
import type { AddressMap } from './segments.ts';

const STT_GNU_IFUNC = 10;

type TlsModel = Relocations['tls'][number];
const TLS_MODELS: readonly TlsModel[] = ['general-dynamic', 'local-dynamic', 'initial-exec', 'local-exec', 'tlsdesc'];

export interface RelocationReading extends Relocations {
  /** Highest symbol index in use; 0 when none is. */
  readonly highestSymbol: number;
  /** DT_RELR is in use, which glibc before 2.36 and musl before 1.2.4 silently ignore. */
  readonly relr: boolean;
}

interface Place {
  readonly offset: number;
  readonly size: number;
  readonly addend: boolean;
}

/** Goes once over all dynamic relocations: DT_REL, DT_RELA, DT_JMPREL and DT_RELR. */
export function readRelocations(
  bytes: ElfBytes,
  table: DynamicTable,
  map: AddressMap,
  machineCode: number,
  problems: Problems,
): RelocationReading {
  const scan = new Scan(bytes, table, map, machineCode);
  for (const place of places(bytes, table, map, problems)) scan.table(place);
  const relr = table.get(DT.RELR);
  if (relr !== undefined) scan.relr(placeOf(map, relr, table.get(DT.RELRSZ) ?? 0, false, 'DT_RELR', problems));
  return scan.result(relr !== undefined && (table.get(DT.RELRSZ) ?? 0) > 0);
}

function placeOf(
  map: AddressMap,
  address: number,
  size: number,
  addend: boolean,
  name: string,
  problems: Problems,
): Place {
  const offset = map.offsetOf(address);
  const room = map.roomAt(address);
  if (size > 0 && (offset === undefined || size > room)) {
    problems.malformed(`The relocation table (${name}) reaches outside the loaded segments of the file.`);
  }
  return { offset: offset ?? 0, size: offset === undefined ? 0 : Math.min(size, room), addend };
}

function places(bytes: ElfBytes, table: DynamicTable, map: AddressMap, problems: Problems): readonly Place[] {
  const found: Place[] = [];
  const entry = { true: bytes.word * 3, false: bytes.word * 2 };
  const add = (tag: number, sizeTag: number, entryTag: number, addend: boolean, name: string): void => {
    const address = table.get(tag);
    if (address === undefined) return;
    const expected = entry[`${addend}`];
    if ((table.get(entryTag) ?? expected) !== expected) {
      problems.malformed(`A relocation of ${name} has ${table.get(entryTag)} bytes; it must have ${expected}.`);
    }
    found.push(placeOf(map, address, table.get(sizeTag) ?? 0, addend, name, problems));
  };
  add(DT.RELA, DT.RELASZ, DT.RELAENT, true, 'DT_RELA');
  add(DT.REL, DT.RELSZ, DT.RELENT, false, 'DT_REL');
  const jump = table.get(DT.JMPREL);
  if (jump !== undefined) {
    const addend = table.get(DT.PLTREL) === DT.RELA;
    const place = placeOf(map, jump, table.get(DT.PLTRELSZ) ?? 0, addend, 'DT_JMPREL', problems);
    // On some machines DT_RELASZ covers the PLT's relocations as well.
    const covered = found.some(
      (other) => place.offset >= other.offset && place.offset + place.size <= other.offset + other.size,
    );
    if (!covered) found.push(place);
  }
  return found;
}

class Scan {
  readonly #bytes: ElfBytes;
  readonly #map: AddressMap;
  readonly #types: Readonly<Record<number, RelocationKind>>;
  readonly #symbolTable: number | undefined;
  readonly #symbolRoom: number;
  readonly #mips64Little: boolean;
  readonly #tls = new Set<TlsModel>();
  #total = 0;
  #relative = 0;
  #text = 0;
  #ifunc = 0;
  #copy = 0;
  #jumpSlot = 0;
  #highest = 0;
  // The segment of the last relocation: neighbours nearly always patch the same one.
  #start = 0;
  #end = 0;
  #writable = false;

  constructor(bytes: ElfBytes, table: DynamicTable, map: AddressMap, machineCode: number) {
    this.#bytes = bytes;
    this.#map = map;
    this.#types = relocationTypes(machineCode);
    const symbols = table.get(DT.SYMTAB);
    this.#symbolTable = symbols === undefined ? undefined : map.offsetOf(symbols);
    this.#symbolRoom = symbols === undefined ? 0 : map.roomAt(symbols);
    this.#mips64Little = machineCode === EM.MIPS && bytes.wide && bytes.little;
  }

  /** Whether an address lies in a writable segment; one outside all segments counts as writable: it patches no code. */
  #isWritable(address: number): boolean {
    if (address < this.#start || address >= this.#end) {
      const segment = this.#map.segmentAt(address);
      if (segment === undefined) return true;
      this.#start = segment.vaddr;
      this.#end = segment.vaddr + segment.memorySize;
      this.#writable = segment.flags.write;
    }
    return this.#writable;
  }

  #isIfunc(symbol: number): boolean {
    const at = symbol * (this.#bytes.wide ? 24 : 16);
    if (symbol === 0 || this.#symbolTable === undefined || at + 16 > this.#symbolRoom) return false;
    const wide = this.#bytes.wide;
    const info = this.#bytes.u8(this.#symbolTable + at + (wide ? 4 : 12));
    const section = this.#bytes.u16(this.#symbolTable + at + (wide ? 6 : 14));
    return section !== 0 && (info & 15) === STT_GNU_IFUNC;
  }

  table(place: Place): void {
    const bytes = this.#bytes;
    const { wide, little, word } = bytes;
    const size = word * (place.addend ? 3 : 2);
    const typeFirst = wide && little && !this.#mips64Little;
    const end = place.offset + place.size - size;
    for (let at = place.offset; at <= end; at += size) {
      let type: number;
      let symbol: number;
      if (wide) {
        type = bytes.u32(at + (typeFirst ? 8 : 12));
        symbol = bytes.u32(at + (typeFirst ? 12 : 8));
      } else {
        const info = bytes.u32(at + 4);
        type = info & 0xff;
        symbol = info >>> 8;
      }
      const kind = this.#types[type];
      if (kind === 'none') continue;
      this.#total++;
      if (!this.#isWritable(bytes.uword(at))) this.#text++;
      if (symbol > this.#highest) this.#highest = symbol;
      if (kind === 'relative') this.#relative++;
      else this.#count(kind, symbol);
    }
  }

  #count(kind: RelocationKind | undefined, symbol: number): void {
    switch (kind) {
      case 'ifunc':
        this.#ifunc++;
        return;
      case 'copy':
        this.#copy++;
        return;
      case 'tls-module':
        // Without a symbol the block of the module itself is meant: local-dynamic, or a general-dynamic access to a
        // symbol of this file, which needs the same from the loader.
        this.#tls.add(symbol === 0 ? 'local-dynamic' : 'general-dynamic');
        return;
      case 'tls-initial-exec':
        this.#tls.add('initial-exec');
        return;
      case 'tls-descriptor':
        this.#tls.add('tlsdesc');
        return;
      case 'jump-slot':
        this.#jumpSlot++;
        if (this.#isIfunc(symbol)) this.#ifunc++;
        return;
      case undefined:
        if (this.#isIfunc(symbol)) this.#ifunc++;
        return;
      case 'none':
      case 'relative':
      case 'tls-offset':
        return;
    }
  }

  /** DT_RELR (gABI proposal): an even word is an address, an odd one a bit map of the words that follow it. */
  relr(place: Place): void {
    const bytes = this.#bytes;
    const { word } = bytes;
    const bits = word * 8 - 1;
    let where = 0;
    for (let at = place.offset; at + word <= place.offset + place.size; at += word) {
      const low = bytes.u32(at + (bytes.little || word === 4 ? 0 : 4));
      if ((low & 1) === 0) {
        const address = bytes.uword(at);
        this.#relr(1, this.#isWritable(address));
        where = address + word;
        continue;
      }
      const high = word === 4 ? 0 : bytes.u32(at + (bytes.little ? 4 : 0));
      this.#relr(popcount(low >>> 1) + popcount(high), this.#isWritable(where));
      where += bits * word;
    }
  }

  #relr(count: number, writable: boolean): void {
    this.#total += count;
    this.#relative += count;
    if (!writable) this.#text += count;
  }

  result(relr: boolean): RelocationReading {
    return {
      total: this.#total,
      relative: this.#relative,
      text: this.#text,
      ifunc: this.#ifunc,
      copy: this.#copy,
      jumpSlot: this.#jumpSlot,
      tls: TLS_MODELS.filter((model) => this.#tls.has(model)),
      highestSymbol: this.#highest,
      relr,
    };
  }
}

/** Bits that are set in a 32-bit number. */
function popcount(value: number): number {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
