import zlib, { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';
import { zstdBound } from './zstd-frames.ts';

const PIECE = 256 * 1024;

/** Counts what comes out, over all layers of an image. */
export class Budget {
  #left: number;
  constructor(bytes: number = OCI_LIMITS.unpackedBytes) {
    this.#left = bytes;
  }

  /** @throws Refusal when too much came out of this layer, or of all */
  take(bytes: number, outOfLayer: number, stored: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new Refusal('oci/too-large', `The layers unpack to more than ${OCI_LIMITS.unpackedBytes} bytes.`);
    }
    if (outOfLayer > OCI_LIMITS.smallLayer && outOfLayer > stored * OCI_LIMITS.ratio) {
      throw new Refusal(
        'oci/too-large',
        `The layer of ${stored} bytes unpacks to more than ${OCI_LIMITS.ratio} times as much.`,
      );
    }
  }
}

/** What takes the bytes as they come out; the callee may keep none of them without a copy. */
export type Sink = (bytes: Uint8Array) => void;

function isGzip(data: Uint8Array): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

function isZstd(data: Uint8Array): boolean {
  const [a, b, c, d] = data;
  return (
    (b === 0xb5 && c === 0x2f && d === 0xfd && a === 0x28) ||
    (b === 0x2a && c === 0x4d && d === 0x18 && ((a ?? 0) & 0xf0) === 0x50)
  );
}

/**
 * Decompresses a layer whose digest was verified, by what its first bytes say it is: gzip, zstd, or as it is. The media
 * type is only a hint. Nothing is held but what the sink keeps.
 */
export async function unpacked(data: Uint8Array, budget: Budget, sink: Sink): Promise<void> {
  let out = 0;
  const pass: Sink = (bytes) => {
    out += bytes.length;
    budget.take(bytes.length, out, data.length);
    sink(bytes);
  };
  if (isGzip(data)) return await through(createGunzip({ chunkSize: PIECE }), data, pass, 'gzip');
  if (!isZstd(data)) {
    for (let at = 0; at < data.length; at += PIECE) pass(data.subarray(at, at + PIECE));
    return;
  }
  zstdBound(data);
  // Node 20 has no zstd of its own.
  if ('createZstdDecompress' in zlib && typeof zlib.createZstdDecompress === 'function') {
    return await through(zlib.createZstdDecompress({ chunkSize: PIECE }), data, pass, 'zstd');
  }
  try {
    const decoder = new Decompress(pass);
    // Small pieces: a block of four bytes can hold 128 KiB.
    for (let at = 0; at < data.length; at += 4096) decoder.push(data.subarray(at, at + 4096), at + 4096 >= data.length);
  } catch (error) {
    throw asRefusal(error, 'zstd');
  }
}

async function through(decoder: NodeJS.ReadWriteStream, data: Uint8Array, sink: Sink, form: string): Promise<void> {
  try {
    decoder.end(data);
    for await (const chunk of decoder) {
      if (chunk instanceof Uint8Array || Buffer.isBuffer(chunk)) sink(chunk);
    }
  } catch (error) {
    throw asRefusal(error, form);
  }
}

function asRefusal(error: unknown, form: string): Refusal {
  if (error instanceof Refusal) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new Refusal('oci/malformed', `The layer cannot be unpacked as ${form}: ${why.slice(0, 200)}.`);
}
