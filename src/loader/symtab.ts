import type { ElfImage } from '../elf/model.ts';

const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const ENTRY_BYTES = 24;
const MOST_ENTRIES = 2_000_000;
const LONGEST_NAME = 4096;

/**
 * The function at an address by the full symbol table, which has those that are not exported too; undefined where it was
 * stripped. 64-bit little-endian files, as all that is loaded here.
 */
export function localFunctionAt(image: ElfImage, bytes: Uint8Array, address: number): string | undefined {
  const table = image.sections.find(({ typeCode }) => typeCode === SHT_SYMTAB);
  const names = image.sections.find(({ index }) => index === table?.link);
  if (table === undefined || names === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(table.offset + table.size, bytes.length, table.offset + MOST_ENTRIES * ENTRY_BYTES);
  for (let at = table.offset; at + ENTRY_BYTES <= end; at += ENTRY_BYTES) {
    if ((view.getUint8(at + 4) & 0xf) !== STT_FUNC) continue;
    const value = Number(view.getBigUint64(at + 8, true));
    const size = Number(view.getBigUint64(at + 16, true));
    if (address < value || address >= value + size) continue;
    const start = names.offset + view.getUint32(at, true);
    const limit = Math.min(names.offset + names.size, bytes.length, start + LONGEST_NAME);
    const name = Buffer.from(bytes.subarray(start, Math.max(start, limit))).toString('latin1');
    return name.slice(0, Math.max(0, name.indexOf('\0'))) || undefined;
  }
  return undefined;
}
