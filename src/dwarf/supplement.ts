import { Cursor } from './cursor.ts';

/** Names the file that holds what several files share: .gnu_debugaltlink, or .debug_sup of DWARF 5. */
export interface SupplementLink {
  readonly file: string;
  /** Hexadecimal: the build id of that file, or the checksum in its own .debug_sup. */
  readonly id: string;
}

const LONGEST = 4096;

/**
 * Reads .debug_sup (DWARF 5 section 7.3.6): version, whether this is the supplementary file itself, file name, checksum.
 */
export function readSupplementLink(
  content: Uint8Array,
  little: boolean,
): (SupplementLink & { readonly supplementary: boolean }) | undefined {
  const cursor = new Cursor(content, little);
  const version = cursor.u16();
  const supplementary = cursor.u8() === 1;
  const start = cursor.offset;
  cursor.skipString();
  const end = cursor.offset - 1;
  const checksum = cursor.block(cursor.uleb());
  if (cursor.failed || version !== 5 || end - start > LONGEST) return undefined;
  return {
    supplementary,
    file: Buffer.from(content.subarray(start, end)).toString('latin1'),
    id: Buffer.from(checksum).toString('hex'),
  };
}
