import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const BLOCK_BYTES = 128 * 1024;

/** What a walk over the frames and blocks of zstd data tells before anything is decompressed. */
export interface ZstdBound {
  /** Bytes; no more can come out. */
  readonly most: number;
}

function malformed(why: string): Refusal {
  return new Refusal('oci/malformed', `The layer is no zstd data: ${why}.`);
}

/** Size of the content and of the window that a frame header names (RFC 8878 section 3.1.1.1). */
function header(
  bytes: DataView,
  at: number,
): { readonly end: number; readonly window: number; readonly checksum: boolean } {
  const descriptor = bytes.getUint8(at);
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw malformed('a reserved bit is set');
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let next = at + 1;
  let window = 0;
  if (!single) {
    const byte = bytes.getUint8(next++);
    const base = 2 ** (10 + (byte >> 3));
    window = base + (base / 8) * (byte & 7);
  }
  next += dictionary;
  if (single) {
    const read = [
      () => bytes.getUint8(next),
      () => bytes.getUint16(next, true) + 256,
      () => bytes.getUint32(next, true),
      () => Number(bytes.getBigUint64(next, true)),
    ][descriptor >> 6];
    window = read?.() ?? 0;
  }
  if (dictionary !== 0) throw malformed('it needs a dictionary');
  return { end: next + sizeBytes, window, checksum: (descriptor & 0x04) !== 0 };
}

/**
 * Walks frames and blocks without decompressing them: bounds the window, which a decoder allocates at once, and adds up
 * what the blocks can hold.
 * @throws Refusal when it is no zstd data or needs too large a window
 */
export function zstdBound(data: Uint8Array): ZstdBound {
  const bytes = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let [at, most] = [0, 0];
  try {
    while (at < data.length) {
      const magic = bytes.getUint32(at, true);
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
        at += 8 + bytes.getUint32(at + 4, true);
        continue;
      }
      if (magic !== MAGIC) throw malformed('there is something else between its frames');
      const { end, window, checksum } = header(bytes, at + 4);
      if (window > OCI_LIMITS.zstdWindow) {
        throw new Refusal(
          'oci/too-large',
          `The layer asks for a zstd window of ${window} bytes; at most ${OCI_LIMITS.zstdWindow} are given.`,
        );
      }
      at = end;
      for (let last = false; !last; ) {
        const block = bytes.getUint8(at) | (bytes.getUint8(at + 1) << 8) | (bytes.getUint8(at + 2) << 16);
        last = (block & 1) === 1;
        const [type, size] = [(block >> 1) & 3, block >> 3];
        if (type === 3 || (type !== 2 && size > BLOCK_BYTES)) throw malformed('a block is not one');
        most += type === 2 ? BLOCK_BYTES : size;
        at += 3 + (type === 1 ? 1 : size);
      }
      if (checksum) at += 4;
    }
  } catch (error) {
    if (error instanceof RangeError) throw malformed('it is cut');
    throw error;
  }
  if (at !== data.length) throw malformed('it is cut');
  return { most };
}
