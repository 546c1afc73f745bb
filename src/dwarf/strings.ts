/** Longest string that is decoded; what is longer is cut. Real mangled names stay below 100 KB. */
const MAX_STRING = 1 << 20;

/** Characters decoded for each byte of a section: linkers let strings share their ends, a hostile file lets thousands. */
const OVERLAP = 4;
const SLACK = 1 << 22;
/** And at the most, whatever the section's size. */
const MOST_CHARACTERS = 192 * 1024 * 1024;

/**
 * The NUL-terminated strings of a section, as latin1: names are compared and shown byte by byte, and latin1 loses none.
 * Each is decoded once, so that equal offsets give the same string object.
 */
export class StringSection {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;
  readonly #known = new Map<number, string>();
  #budget: number;
  /** Offset of the section's last terminator. */
  #last: number | undefined;
  /** Strings overlap so much that not all were decoded. */
  exhausted = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = Math.min(bytes.length * OVERLAP + SLACK, MOST_CHARACTERS);
  }

  /** The string at an offset, undefined when the offset or the terminator lies outside. */
  at(offset: number): string | undefined {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    if (this.exhausted) return undefined;
    const end = this.endOf(offset);
    if (end < 0) return undefined;
    const length = end - offset;
    if (length > this.#budget) {
      this.exhausted = true;
      return undefined;
    }
    this.#budget -= length;
    const text = this.#buffer.toString('latin1', offset, offset + length);
    this.#known.set(offset, text);
    return text;
  }

  /** Whether this is the string at an offset; nothing is kept. */
  is(offset: number, text: string): boolean {
    const end = offset + text.length;
    if (this.bytes[end] !== 0 || this.bytes[end - 1] !== text.charCodeAt(text.length - 1)) return false;
    return this.#buffer.toString('latin1', offset, end) === text;
  }

  /** Offset of the terminator of the string at an offset, or where a very long one is cut; -1 without a terminator. */
  endOf(offset: number): number {
    const { bytes } = this;
    const { length } = bytes;
    if (!(offset >= 0 && offset < length)) return -1;
    // Most names are short: a loop here beats a call into the runtime.
    const near = Math.min(length, offset + 64);
    for (let at = offset; at < near; at += 1) if (bytes[at] === 0) return at;
    this.#last ??= bytes.lastIndexOf(0);
    if (near > this.#last) return -1;
    const found = bytes.subarray(near, offset + MAX_STRING).indexOf(0);
    return found < 0 ? offset + MAX_STRING : near + found;
  }

  /** The hash of the string at an offset, or of its first bytes, as {@link hashOf} of the text; 0 at the section's end. Nothing is decoded. */
  hashAt(offset: number, most = HASHED): number {
    const { bytes } = this;
    const end = Math.min(bytes.length, offset + most);
    let hash = FNV_BASIS;
    for (let at = offset; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === 0) return hash;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
    }
    return end < bytes.length ? hash : 0;
  }
}

/** Characters by which most names are told to be none of the wanted ones. */
const PREFIX = 12;

/** Names that are looked for among all of a section, most of which are others: told by hash, without decoding. */
export class NameFilter {
  readonly #hashes = new Set<number>();
  readonly #prefixes = new Uint8Array(1 << 16);
  /** By the first two bytes: C++ names all begin alike, and names of C otherwise. */
  readonly #starts = new Uint8Array(1 << 16);

  constructor(lists: Iterable<Iterable<string>>) {
    for (const names of lists) for (const name of names) this.#add(name);
  }

  #add(name: string): void {
    this.#hashes.add(hashOf(name));
    this.#starts[name.charCodeAt(0) | (name.charCodeAt(1) << 8)] = 1;
    this.#prefixes[hashOf(name.slice(0, PREFIX)) & 0xffff] = 1;
  }

  get isEmpty(): boolean {
    return this.#hashes.size === 0;
  }

  /** Whether the string at an offset may be one of the names: certainly not where this is false. */
  passes(section: StringSection, offset: number): boolean {
    const { bytes } = section;
    if (this.#starts[(bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8)] !== 1) return false;
    const prefix = section.hashAt(offset, PREFIX) & 0xffff;
    return this.#prefixes[prefix] === 1 && this.#hashes.has(section.hashAt(offset));
  }
}

/** Characters that a hash covers; names that differ behind them are told apart by their text. */
const HASHED = 4096;
const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** FNV-1a of a latin1 text. */
export function hashOf(text: string): number {
  let hash = FNV_BASIS;
  const length = Math.min(text.length, HASHED);
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash;
}
