import type { ElfImage, Section } from '../elf/model.ts';
import { Cursor } from './cursor.ts';

/** Sizes in bytes of the absolute data relocations that debug sections use, by e_machine and type (psABI of each). */
const ABSOLUTE: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  // EM_386: R_386_32
  3: { 1: 4 },
  // EM_ARM: R_ARM_ABS32
  40: { 2: 4 },
  // EM_PPC64: R_PPC64_ADDR32, R_PPC64_ADDR64
  21: { 1: 4, 38: 8 },
  // EM_PPC: R_PPC_ADDR32
  20: { 1: 4 },
  // EM_S390: R_390_32, R_390_64
  22: { 4: 4, 22: 8 },
  // EM_MIPS: R_MIPS_32, R_MIPS_64
  8: { 2: 4, 18: 8 },
  // EM_X86_64: R_X86_64_64, R_X86_64_32, R_X86_64_32S
  62: { 1: 8, 10: 4, 11: 4 },
  // EM_AARCH64: R_AARCH64_ABS64, R_AARCH64_ABS32
  183: { 257: 8, 258: 4 },
  // EM_RISCV: R_RISCV_32, R_RISCV_64
  243: { 1: 4, 2: 8 },
  // EM_LOONGARCH: R_LARCH_32, R_LARCH_64
  258: { 1: 4, 2: 8 },
};

const SHT_RELA = 4;
const SHT_REL = 9;

/**
 * Applies an object file's relocations to one of its debug sections: before linking, offsets into .debug_str and
 * others are 0 in the file and stand in the relocations. Sections have address 0 there, so a symbol's value is its
 * offset within its section.
 * @param content the section, unpacked; a changed copy is returned
 * @returns how many relocations had a type that is not known, with the content
 */
export function relocate(
  image: ElfImage,
  file: Uint8Array,
  section: Section,
  content: Uint8Array,
): { readonly content: Uint8Array; readonly unknown: number } {
  const tables = image.sections.filter(
    ({ typeCode, info }) => (typeCode === SHT_RELA || typeCode === SHT_REL) && info === section.index,
  );
  if (tables.length === 0) return { content, unknown: 0 };
  const sizes = ABSOLUTE[image.header.machineCode] ?? {};
  const wide = image.header.class === 64;
  const little = image.header.endian === 'little';
  const copy = new Uint8Array(content);
  const view = new DataView(copy.buffer);
  let unknown = 0;
  for (const table of tables) {
    const symbols = image.sections[table.link];
    const rela = table.typeCode === SHT_RELA;
    const cursor = new Cursor(file, little, table.offset, table.offset + table.size);
    while (!cursor.done) {
      const offset = wide ? cursor.u64() : cursor.u32();
      const info = wide ? cursor.big64() : BigInt(cursor.u32());
      const addend = rela ? (wide ? Number(BigInt.asIntN(64, cursor.big64())) : cursor.u32() | 0) : 0;
      if (cursor.failed) break;
      const type = Number(wide ? info & 0xffffffffn : info & 0xffn);
      if (type === 0) continue; // R_*_NONE
      const size = sizes[type];
      if (size === undefined) {
        unknown += 1;
        continue;
      }
      if (offset + size > copy.length) continue;
      const value = symbolValue(file, symbols, Number(wide ? info >> 32n : info >> 8n), wide, little);
      if (size === 8) {
        const inPlace = rela ? 0n : view.getBigInt64(offset, little);
        view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value) + BigInt(addend) + inPlace), little);
      } else {
        const inPlace = rela ? 0 : view.getInt32(offset, little);
        view.setUint32(offset, (value + addend + inPlace) >>> 0, little);
      }
    }
  }
  return { content: copy, unknown };
}

function symbolValue(
  file: Uint8Array,
  symbols: Section | undefined,
  index: number,
  wide: boolean,
  little: boolean,
): number {
  if (symbols === undefined) return 0;
  const size = wide ? 24 : 16;
  const start = symbols.offset + index * size;
  const cursor = new Cursor(file, little, start, symbols.offset + symbols.size);
  cursor.skip(wide ? 8 : 4);
  return wide ? cursor.u64() : cursor.u32();
}
