import type { ElfImage, Section } from '../elf/model.ts';
import { Cursor } from './cursor.ts';
import type { DecompressionProblem } from './decompress.ts';
import { type Operation, operationOf } from './relocation-types.ts';
import type { FileBytes } from './sections.ts';

const SHT_RELA = 4;
const SHT_REL = 9;
const SHT_SYMTAB_SHNDX = 18;
const SHN_XINDEX = 0xffff;
const EM_MIPS = 8;

interface Symbols {
  readonly table: Cursor;
  readonly entrySize: number;
  /** SHT_SYMTAB_SHNDX: section indexes that do not fit into 16 bits. */
  readonly extended: Cursor | undefined;
}

/**
 * Applies an object file's relocations to its debug sections: before linking, offsets into .debug_str and others are 0 in the
 * file and stand in the relocations. Sections have address 0 there, so a symbol's value is its offset within its
 * section.
 */
export class Relocator {
  readonly #image: ElfImage;
  readonly #file: FileBytes;
  readonly #places: ReadonlyMap<number, number>;
  /** Relocation sections by the section that they apply to. */
  readonly #tables = new Map<number, Section[]>();
  /** Tables of extended section indexes by the symbol table that they belong to. */
  readonly #extended = new Map<number, Section>();
  readonly #symbols = new Map<number, Symbols | undefined>();

  /** @param places offsets that sections get where several of one name are joined, by index */
  constructor(image: ElfImage, file: FileBytes, places: ReadonlyMap<number, number>) {
    this.#image = image;
    this.#file = file;
    this.#places = places;
    for (const section of image.sections) {
      if (section.typeCode === SHT_SYMTAB_SHNDX) this.#extended.set(section.link, section);
      if (section.typeCode !== SHT_RELA && section.typeCode !== SHT_REL) continue;
      const list = this.#tables.get(section.info);
      if (list === undefined) this.#tables.set(section.info, [section]);
      else list.push(section);
    }
  }

  /**
   * @param content the section, unpacked; it is not changed
   * @returns the content with all relocations applied
   */
  apply(section: Section, content: Uint8Array): Uint8Array | DecompressionProblem {
    const tables = this.#tables.get(section.index);
    if (tables === undefined) return content;
    const copy = new Uint8Array(content);
    const view = new DataView(copy.buffer);
    const { header } = this.#image;
    const wide = header.class === 64;
    const little = header.endian === 'little';
    for (const table of tables) {
      const bytes = this.#file.read(table.offset, table.size);
      if (bytes === undefined) return { code: 'malformed', message: 'has relocations beyond the end of the file' };
      const symbols = this.#symbolsOf(table.link);
      const rela = table.typeCode === SHT_RELA;
      const cursor = new Cursor(bytes, little);
      while (!cursor.done) {
        const offset = wide ? cursor.u64() : cursor.u32();
        const { types, symbol } = readInfo(cursor, wide, header.machineCode, little);
        const addend = rela ? (wide ? cursor.i64() : cursor.u32() | 0) : 0;
        if (cursor.failed) return { code: 'malformed', message: 'has relocations that are cut off' };
        const value = symbol === 0 ? 0 : symbols === undefined ? 0 : this.#value(symbols, symbol, wide);
        for (const type of types) {
          if (type === 0) continue; // R_*_NONE
          const operation = operationOf(header.machineCode, type);
          if (operation === undefined)
            return { code: 'unsupported', message: `has relocations of a kind that is not known (type ${type})` };
          if (!patch(view, little, offset, operation, value, addend, rela))
            return { code: 'malformed', message: 'has relocations outside the section' };
        }
      }
    }
    return copy;
  }

  #symbolsOf(index: number): Symbols | undefined {
    if (this.#symbols.has(index)) return this.#symbols.get(index);
    const section = this.#image.sections[index];
    const bytes = section === undefined ? undefined : this.#file.read(section.offset, section.size);
    let symbols: Symbols | undefined;
    if (bytes !== undefined) {
      const { header } = this.#image;
      const little = header.endian === 'little';
      const more = this.#extended.get(index);
      const extended = more === undefined ? undefined : this.#file.read(more.offset, more.size);
      symbols = {
        table: new Cursor(bytes, little),
        entrySize: header.class === 64 ? 24 : 16,
        extended: extended === undefined ? undefined : new Cursor(extended, little),
      };
    }
    this.#symbols.set(index, symbols);
    return symbols;
  }

  #value({ table, entrySize, extended }: Symbols, index: number, wide: boolean): number {
    const start = index * entrySize;
    const value = table.move(start + (wide ? 8 : 4), start + entrySize);
    const number = wide ? value.u64() : value.u32();
    if (this.#places.size === 0) return number;
    let section = table.move(start + (wide ? 6 : 14), start + entrySize).u16();
    if (section === SHN_XINDEX && extended !== undefined) section = extended.move(index * 4, index * 4 + 4).u32();
    return number + (this.#places.get(section) ?? 0);
  }
}

/** r_info: symbol and type. The 64-bit MIPS ABI packs up to three types, in an order of its own for little-endian files. */
function readInfo(
  cursor: Cursor,
  wide: boolean,
  machine: number,
  little: boolean,
): { readonly types: readonly number[]; readonly symbol: number } {
  if (!wide) {
    const info = cursor.u32();
    return { types: [info & 0xff], symbol: info >>> 8 };
  }
  if (machine === EM_MIPS) {
    const symbol = cursor.u32();
    cursor.skip(1); // r_ssym
    const types = [cursor.u8(), cursor.u8(), cursor.u8()];
    return { types: types.reverse(), symbol };
  }
  const first = cursor.u32();
  const second = cursor.u32();
  return little ? { types: [first], symbol: second } : { types: [second], symbol: first };
}

function patch(
  view: DataView,
  little: boolean,
  offset: number,
  { kind, size }: Operation,
  symbol: number,
  addend: number,
  rela: boolean,
): boolean {
  if (kind === 'uleb-set' || kind === 'uleb-sub') return patchUleb(view, offset, kind, symbol + addend);
  if (!(offset >= 0 && offset + size <= view.byteLength)) return false;
  const plain = symbol + addend;
  if (kind === 'put' && rela && plain >= 0 && plain <= 0xffffffff && size >= 4) {
    if (size === 8) view.setUint32(little ? offset + 4 : offset, 0, little);
    view.setUint32(size === 8 && !little ? offset + 4 : offset, plain, little);
    return true;
  }
  // 64-bit fields hold offsets and addresses; exact arithmetic matters for negative addends only.
  const before =
    size === 8
      ? view.getBigUint64(offset, little)
      : BigInt(
          size === 4
            ? view.getUint32(offset, little)
            : size === 2
              ? view.getUint16(offset, little)
              : view.getUint8(offset),
        );
  const value = BigInt(symbol) + BigInt(addend);
  let result: bigint;
  if (kind === 'add') result = before + value;
  else if (kind === 'sub' || kind === 'sub6') result = before - value;
  else if (kind === 'set' || kind === 'set6') result = value;
  else result = rela ? value : value + BigInt.asIntN(size * 8, before);
  if (kind === 'sub6' || kind === 'set6') result = (before & 0xc0n) | (result & 0x3fn);
  result = BigInt.asUintN(size * 8, result);
  if (size === 8) view.setBigUint64(offset, result, little);
  else if (size === 4) view.setUint32(offset, Number(result), little);
  else if (size === 2) view.setUint16(offset, Number(result), little);
  else view.setUint8(offset, Number(result));
  return true;
}

/** R_RISCV_SET_ULEB128 and SUB_ULEB128: the number keeps the length that it has in the file. */
function patchUleb(view: DataView, offset: number, kind: 'uleb-set' | 'uleb-sub', value: number): boolean {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const cursor = new Cursor(bytes, true, offset);
  const before = cursor.uleb();
  if (cursor.failed) return false;
  let left = kind === 'uleb-set' ? value : before - value;
  if (left < 0) return false;
  for (let at = offset; at < cursor.offset; at += 1) {
    bytes[at] = (left % 128) | (at + 1 < cursor.offset ? 0x80 : 0);
    left = Math.floor(left / 128);
  }
  return true;
}
