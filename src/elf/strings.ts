import type { ElfBytes } from './cursor.ts';

/** Tables above this are read up to here only; the largest real ones are some megabytes. */
const LARGEST_TABLE = 256 * 1024 * 1024;

/**
 * A string table (gABI chapter 4): names ended by a zero byte, addressed by offset. Names are slices of one latin1
 * string, so reading one copies nothing.
 */
export class StringTable {
  readonly size: number;
  /** A name was asked for that lies outside the table, or that no zero byte ends. */
  damaged = false;
  /** More was read than a table that is used as meant can yield; names are empty from then on. */
  exhausted = false;
  readonly #bytes: ElfBytes;
  readonly #offset: number;
  #text: string | undefined;
  // A hostile file can let each of millions of symbols name the same megabytes. Tails of names are shared in real
  // tables, which yields at most a few times their size.
  #budget: number;

  constructor(bytes: ElfBytes, offset: number, size: number) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.size = Math.min(size, LARGEST_TABLE, Math.max(bytes.size - offset, 0));
    this.#budget = 16 * this.size + 65_536;
  }

  /** The name at `offset`, empty when there is none. */
  at(offset: number): string {
    if (offset >= this.size) {
      this.damaged = true;
      return '';
    }
    this.#text ??= this.#bytes.latin1(this.#offset, this.size);
    if (this.#budget < 0) {
      this.exhausted = true;
      return '';
    }
    let end = this.#text.indexOf('\0', offset);
    if (end < 0) {
      this.damaged = true;
      end = this.#text.length;
    }
    this.#budget -= end - offset + 1;
    return this.#text.slice(offset, end);
  }
}
