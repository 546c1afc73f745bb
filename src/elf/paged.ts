import { ElfBytes } from './cursor.ts';

/** Bytes that are fetched at a time: a call costs about as much as copying so many. */
const BLOCK = 1 << 14;
/** Blocks whose memory is taken at once. */
const BLOCKS_OF_CHUNK = 16;

/** Puts `length` bytes at `position` of the file to `offset` of the buffer and returns how many there were. */
export type ReadAt = (buffer: Uint8Array, offset: number, length: number, position: number) => number;

/** The blocks of a file that were asked for so far. Memory is taken for these alone, however large the file is. */
export class Blocks {
  readonly size: number;
  readonly #read: ReadAt;
  readonly #views: DataView[] = [];
  /** The chunk of each block: making a buffer for each text takes longer than decoding it. */
  readonly #chunks: Buffer[] = [];
  #chunk = Buffer.alloc(0);
  #used = 0;

  /** @param size of the file in bytes, below 2 GiB */
  constructor(size: number, read: ReadAt) {
    this.size = size;
    this.#read = read;
  }

  /** The block that holds an offset inside the file; what could not be read of it is 0. */
  at(offset: number): DataView {
    const index = offset >>> 14;
    return this.#views[index] ?? this.#fetch(index);
  }

  /** Bytes of one block as text. */
  text(offset: number, length: number, encoding: 'latin1' | 'utf8' | 'hex'): string {
    const start = this.at(offset).byteOffset + (offset % BLOCK);
    return this.#chunks[offset >>> 14]?.toString(encoding, start, start + length) ?? '';
  }

  /** Fills a part of a buffer from the file, and returns how many bytes of it there were. */
  fill(target: Uint8Array, position: number): number {
    let done = 0;
    while (done < target.length) {
      const count = this.#read(target, done, target.length - done, position + done);
      if (count <= 0) break;
      done += count;
    }
    return done;
  }

  #fetch(index: number): DataView {
    if (this.#used === this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(BLOCK * BLOCKS_OF_CHUNK);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += BLOCK;
    const position = index * BLOCK;
    const block = this.#chunk.subarray(start, start + BLOCK);
    const length = Math.min(BLOCK, this.size - position);
    block.fill(0, this.fill(block.subarray(0, length), position));
    const view = new DataView(this.#chunk.buffer, start, BLOCK);
    this.#views[index] = view;
    this.#chunks[index] = this.#chunk;
    return view;
  }
}

/** {@link ElfBytes} of a file that is not in memory. */
export class PagedBytes extends ElfBytes {
  readonly #blocks: Blocks;

  constructor(blocks: Blocks, little: boolean, wide: boolean) {
    super(new Uint8Array(0), little, wide, undefined, blocks.size);
    this.#blocks = blocks;
  }

  override get paged(): boolean {
    return true;
  }

  override u8(offset: number): number {
    return this.has(offset, 1) ? this.#blocks.at(offset).getUint8(offset % BLOCK) : 0;
  }

  override u16(offset: number): number {
    if (!this.has(offset, 2)) return 0;
    const within = offset % BLOCK;
    if (within <= BLOCK - 2) return this.#blocks.at(offset).getUint16(within, this.little);
    return this.#across(offset, 2).getUint16(0, this.little);
  }

  override u32(offset: number): number {
    if (!this.has(offset, 4)) return 0;
    const within = offset % BLOCK;
    if (within <= BLOCK - 4) return this.#blocks.at(offset).getUint32(within, this.little);
    return this.#across(offset, 4).getUint32(0, this.little);
  }

  override u64(offset: number): number {
    if (!this.has(offset, 8)) return 0;
    const within = offset % BLOCK;
    const view = within <= BLOCK - 8 ? this.#blocks.at(offset) : this.#across(offset, 8);
    const at = within <= BLOCK - 8 ? within : 0;
    const first = view.getUint32(at, this.little);
    const second = view.getUint32(at + 4, this.little);
    const high = this.little ? second : first;
    if (high > 0x1fffff) return Number.MAX_SAFE_INTEGER;
    return high * 0x1_0000_0000 + (this.little ? first : second);
  }

  override range(offset: number, size: number): Buffer {
    const start = Math.min(Math.max(offset, 0), this.size);
    const length = Math.min(Math.max(size, 0), this.size - start);
    if (length === 0) return Buffer.alloc(0);
    const within = start % BLOCK;
    if (within + length <= BLOCK) {
      const { buffer, byteOffset } = this.#blocks.at(start);
      return Buffer.from(buffer, byteOffset + within, length);
    }
    const copy = Buffer.alloc(length);
    this.#blocks.fill(copy, start);
    return copy;
  }

  override text(offset: number, size: number, encoding: 'latin1' | 'utf8' | 'hex'): string {
    const within = offset % BLOCK;
    if (size <= 0 || !this.has(offset, size) || within + size > BLOCK) return super.text(offset, size, encoding);
    return this.#blocks.text(offset, size, encoding);
  }

  override holds(offset: number, text: string): boolean {
    const within = offset % BLOCK;
    if (!this.has(offset, text.length) || within + text.length > BLOCK) return super.holds(offset, text);
    const view = this.#blocks.at(offset);
    for (let at = 0; at < text.length; at++) if (view.getUint8(within + at) !== text.charCodeAt(at)) return false;
    return true;
  }

  override whole(): Buffer {
    return this.range(0, this.size);
  }

  #across(offset: number, size: number): DataView {
    const { buffer, byteOffset } = this.range(offset, size);
    return new DataView(buffer, byteOffset, size);
  }
}
