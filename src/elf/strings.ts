import type { ElfBytes } from './cursor.ts';
import { gnuHash } from './name-hash.ts';

/** Tables above this are read up to here only; the largest real ones are some megabytes. */
const LARGEST_TABLE = 256 * 1024 * 1024;

/** Names that are read one by one from a file that is read piece by piece; whoever asks for more gets the whole table. */
const SINGLE_NAMES = 1000;
const NAME_PIECE = 256;

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
  #raw: Uint8Array | undefined;
  // A hostile file can let each of millions of symbols name the same megabytes. Tails of names are shared in real
  // tables, which yields at most a few times their size.
  #budget: number;
  #single = 0;

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
    if (this.#budget < 0) {
      this.exhausted = true;
      return '';
    }
    const single = this.#text === undefined && this.#bytes.paged ? this.#singleName(offset) : undefined;
    if (single !== undefined) return single;
    this.#text ??= this.#bytes.latin1(this.#offset, this.size);
    let end = this.#text.indexOf('\0', offset);
    if (end < 0) {
      this.damaged = true;
      end = this.#text.length;
    }
    this.#budget -= end - offset + 1;
    return this.#text.slice(offset, end);
  }

  /** Whether exactly this name, one character a byte, stands at `offset`. */
  is(offset: number, name: string): boolean {
    if (offset + name.length >= this.size) return false;
    const at = this.#offset + offset;
    return this.#bytes.u8(at + name.length) === 0 && this.#bytes.holds(at, name);
  }

  /**
   * The hash of DT_GNU_HASH of the name at `offset`, from the bytes: characters of a slice of a large text take several
   * times as long.
   */
  gnuHashAt(offset: number): number {
    this.#raw ??= this.#bytes.range(this.#offset, this.size);
    return gnuHash(this.#raw, offset);
  }

  #singleName(offset: number): string | undefined {
    this.#single += 1;
    if (this.#single > SINGLE_NAMES) return undefined;
    const text = this.#bytes.latin1(this.#offset + offset, Math.min(NAME_PIECE, this.size - offset));
    const end = text.indexOf('\0');
    if (end < 0) return undefined;
    this.#budget -= end + 1;
    return text.slice(0, end);
  }
}
