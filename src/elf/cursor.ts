/** Bytes that are fetched at a time when a file is read piece by piece. */
const BLOCK = 1 << 16;

/** Fetches `size` bytes at `offset` of the file into the same place of the buffer. */
export type Fetch = (offset: number, size: number) => void;

/**
 * The bytes of one ELF file, read by offset in its byte order and word size. Nothing here throws for a bad offset:
 * what lies outside the file reads as 0, and 64-bit values beyond 2^53 saturate at Number.MAX_SAFE_INTEGER, which
 * no bounds check lets through. So a caller checks {@link has} where the difference matters.
 */
export class ElfBytes {
  readonly size: number;
  readonly little: boolean;
  /** 64-bit class: words of 8 bytes. */
  readonly wide: boolean;
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #fetch: Fetch | undefined;
  readonly #fetched: Uint8Array;

  /**
   * @param bytes the file; with `fetch`, a zeroed buffer of its size that fills as it is read
   * @param size of the file, where a subclass has its bytes elsewhere
   */
  constructor(bytes: Uint8Array, little: boolean, wide: boolean, fetch?: Fetch, size = bytes.byteLength) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = size;
    this.little = little;
    this.wide = wide;
    this.#fetch = fetch;
    this.#fetched = new Uint8Array(fetch === undefined ? 0 : Math.ceil(bytes.byteLength / BLOCK));
  }

  /** The file is read piece by piece, so asking for little is cheaper than asking for all. */
  get paged(): boolean {
    return this.#fetch !== undefined;
  }

  /** Bytes of a word of the file's class. */
  get word(): 4 | 8 {
    return this.wide ? 8 : 4;
  }

  /** Whether `size` bytes at `offset` lie inside the file. */
  has(offset: number, size: number): boolean {
    return offset >= 0 && size >= 0 && offset + size <= this.size;
  }

  #load(offset: number, size: number): void {
    if (this.#fetch === undefined) return;
    // Files are below 2 GiB (LARGEST_FILE), so offsets fit into 31 bits.
    const last = (offset + size - 1) >>> 16;
    for (let block = offset >>> 16; block <= last; block++) {
      if (this.#fetched[block] !== 0) continue;
      let end = block + 1;
      while (end <= last && this.#fetched[end] === 0) end++;
      this.#fetch(block * BLOCK, Math.min(end * BLOCK, this.size) - block * BLOCK);
      this.#fetched.fill(1, block, end);
    }
  }

  #readable(offset: number, size: number): boolean {
    if (!this.has(offset, size)) return false;
    if (this.#fetch !== undefined) this.#load(offset, size);
    return true;
  }

  u8(offset: number): number {
    return this.#readable(offset, 1) ? this.#data.getUint8(offset) : 0;
  }

  u16(offset: number): number {
    return this.#readable(offset, 2) ? this.#data.getUint16(offset, this.little) : 0;
  }

  u32(offset: number): number {
    return this.#readable(offset, 4) ? this.#data.getUint32(offset, this.little) : 0;
  }

  u64(offset: number): number {
    if (!this.#readable(offset, 8)) return 0;
    const first = this.#data.getUint32(offset, this.little);
    const second = this.#data.getUint32(offset + 4, this.little);
    const high = this.little ? second : first;
    if (high > 0x1fffff) return Number.MAX_SAFE_INTEGER;
    return high * 0x1_0000_0000 + (this.little ? first : second);
  }

  /** A word of the file's class: an address, an offset or a size. */
  uword(offset: number): number {
    return this.wide ? this.u64(offset) : this.u32(offset);
  }

  /** The part of the range that lies inside the file, not copied. */
  range(offset: number, size: number): Buffer {
    const start = Math.min(Math.max(offset, 0), this.size);
    const length = Math.min(Math.max(size, 0), this.size - start);
    if (length > 0) this.#load(start, length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** The whole file as it is in memory: parts that were not read yet may still be zero. */
  whole(): Buffer {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.size);
  }

  /** The range as latin1 text, one character a byte. */
  latin1(offset: number, size: number): string {
    return this.text(offset, size, 'latin1');
  }

  /** The part of the range that lies inside the file, decoded. */
  text(offset: number, size: number, encoding: 'latin1' | 'utf8' | 'hex'): string {
    return this.range(offset, size).toString(encoding);
  }

  /** Whether these characters, each a byte, stand at an offset. */
  holds(offset: number, text: string): boolean {
    return this.latin1(offset, text.length) === text;
  }
}
