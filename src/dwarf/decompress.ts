import * as zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { Cursor } from './cursor.ts';

/** Why a section could not be unpacked; `limit` when it is too large rather than broken. */
export interface DecompressionProblem {
  readonly code: 'malformed' | 'unsupported' | 'limit';
  readonly message: string;
}

const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;

/**
 * The content of a section with SHF_COMPRESSED (gABI, section compression header) or of a legacy `.zdebug_` section
 * ("ZLIB" and a big-endian size, GNU binutils).
 * @param limit bytes that the content may have at the most
 */
export function decompressSection(
  raw: Uint8Array,
  form: 'chdr32' | 'chdr64' | 'zdebug',
  little: boolean,
  limit: number,
): Uint8Array | DecompressionProblem {
  const cursor = new Cursor(raw, form === 'zdebug' ? false : little);
  let type = ELFCOMPRESS_ZLIB;
  let size: number;
  if (form === 'zdebug') {
    if (Buffer.from(raw.subarray(0, 4)).toString('latin1') !== 'ZLIB') return malformed('has no ZLIB mark');
    cursor.skip(4);
    size = cursor.u64();
  } else if (form === 'chdr64') {
    type = cursor.u32();
    cursor.skip(4);
    size = cursor.u64();
    cursor.skip(8);
  } else {
    type = cursor.u32();
    size = cursor.u32();
    cursor.skip(4);
  }
  if (cursor.failed) return malformed('ends within its compression header');
  if (size > limit) return { code: 'limit', message: `unpacks to ${size} bytes, more than the ${limit} that are read` };
  const packed = raw.subarray(cursor.offset);
  try {
    if (type === ELFCOMPRESS_ZLIB) return checked(zlib.inflateSync(packed, oneBuffer(size)), size);
    if (type === ELFCOMPRESS_ZSTD) return checked(unzstd(packed, size), size);
    return { code: 'unsupported', message: `is compressed in a way that is not known (type ${type})` };
  } catch (error) {
    return malformed(`cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function malformed(message: string): DecompressionProblem {
  return { code: 'malformed', message };
}

function checked(content: Uint8Array, size: number): Uint8Array | DecompressionProblem {
  return content.length === size
    ? content
    : malformed(`unpacks to ${content.length} bytes where ${size} were announced`);
}

/** Room for everything at once: the default collects pieces and joins them, which takes twice the memory. */
function oneBuffer(size: number): { readonly maxOutputLength: number; readonly chunkSize: number } {
  return { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size + 64, 64) };
}

/** Node has zstd from 22.15; before that a JavaScript decoder does it, into a buffer of the announced size. */
function unzstd(packed: Uint8Array, size: number): Uint8Array {
  if (typeof zlib.zstdDecompressSync === 'function') {
    return zlib.zstdDecompressSync(packed, oneBuffer(size));
  }
  return decompress(packed, new Uint8Array(size));
}
