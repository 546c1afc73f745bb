/**
 * The hash of DT_GNU_HASH (glibc elf/dl-new-hash.h) of the name at an offset, up to its terminator or the end.
 * @param bytes a table of names
 */
export function gnuHash(bytes: Uint8Array, offset = 0): number {
  let hash = 5381;
  const { length } = bytes;
  for (let at = offset; at < length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) break;
    hash = (Math.imul(hash, 33) + byte) | 0;
  }
  return hash >>> 0;
}

/**
 * The hash of DT_HASH (gABI chapter 5).
 * @param name one character a byte
 */
export function sysvHash(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) {
    hash = ((hash << 4) >>> 0) + name.charCodeAt(at);
    const high = (hash & 0xf0000000) >>> 0;
    hash = ((hash ^ (high >>> 24)) & ~high) >>> 0;
  }
  return hash;
}

/** {@link gnuHash} of a name that is at hand, one character a byte. */
export function gnuHashOf(name: string): number {
  let hash = 5381;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 33) + name.charCodeAt(at)) | 0;
  return hash >>> 0;
}
