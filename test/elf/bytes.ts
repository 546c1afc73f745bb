import { readFileSync } from 'node:fs';
import type { ElfImage } from '../../src/elf/model.ts';

/** A little-endian value that is written over a file at an offset. */
export type Patch = readonly [offset: number, type: 'u16' | 'u32', value: number];

/** The bytes of a file in memory of their own, with changes. */
export function patched(file: string, patches: readonly Patch[] = []): Uint8Array {
  const bytes = new Uint8Array(readFileSync(file));
  const view = new DataView(bytes.buffer);
  for (const [offset, type, value] of patches) {
    if (type === 'u16') view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return bytes;
}

/** The entries of PT_DYNAMIC of a 64-bit little-endian file, with the file offset of each value. */
export function dynamicEntries(
  bytes: Uint8Array,
  image: ElfImage,
): readonly { readonly tag: number; readonly value: number; readonly valueAt: number }[] {
  const segment = image.segments.find(({ type }) => type === 'DYNAMIC');
  if (segment === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const entries = [];
  for (let at = segment.offset; at < segment.offset + segment.fileSize; at += 16) {
    entries.push({ tag: view.getUint32(at, true), value: view.getUint32(at + 8, true), valueAt: at + 8 });
  }
  return entries;
}

/** Numbers from 0 to 2^32 - 1, the same for the same seed (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
