import type { ElfImage } from '../elf/model.ts';

const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const ENTRY_BYTES = 24;
const MOST_ENTRIES = 2_000_000;
const LONGEST_NAME = 4096;

/**
 * The functions at addresses by the full symbol table, which has those that are not exported too; none where it was stripped.
 * The table is gone through once. 64-bit little-endian files, as all that is loaded here.
 */
export function localFunctions(
  image: ElfImage,
  bytes: Uint8Array,
  addresses: readonly number[],
): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const table = image.sections.find(({ typeCode }) => typeCode === SHT_SYMTAB);
  const names = image.sections.find(({ index }) => index === table?.link);
  if (table === undefined || names === undefined) return found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(table.offset + table.size, bytes.length, table.offset + MOST_ENTRIES * ENTRY_BYTES);
  let wanted = [...new Set(addresses)];
  for (let at = table.offset; at + ENTRY_BYTES <= end && wanted.length > 0; at += ENTRY_BYTES) {
    if ((view.getUint8(at + 4) & 0xf) !== STT_FUNC) continue;
    const value = Number(view.getBigUint64(at + 8, true));
    const size = Number(view.getBigUint64(at + 16, true));
    const isInside = (address: number): boolean => address >= value && address < value + size;
    if (!wanted.some(isInside)) continue;
    const start = names.offset + view.getUint32(at, true);
    const limit = Math.min(names.offset + names.size, bytes.length, start + LONGEST_NAME);
    const text = Buffer.from(bytes.subarray(start, Math.max(start, limit))).toString('latin1');
    const name = text.slice(0, Math.max(0, text.indexOf('\0')));
    for (const address of wanted) if (isInside(address) && name !== '') found.set(address, name);
    // What was found once is not looked for again, whatever other entries claim.
    wanted = wanted.filter((address) => !isInside(address));
  }
  return found;
}
