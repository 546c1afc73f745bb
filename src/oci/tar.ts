import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';

export type EntryKind = 'file' | 'directory' | 'link' | 'other';

export interface TarEntry {
  /** Without `./` at the start and `/` at the end; never absolute, never with `..`. Empty for the root itself. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes of its content. */
  readonly size: number;
}

/**
 * Gets every entry; returns what takes the content of a file that is wanted, in pieces, or undefined.
 */
export type Visitor = (entry: TarEntry) => ((piece: Uint8Array) => void) | undefined;

const BLOCK = 512;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function malformed(why: string): Refusal {
  return new Refusal('oci/malformed', `The layer is no tar archive: ${why}.`);
}

function text(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return utf8(end < 0 ? field : field.subarray(0, end));
}

/** Octal text, or a big-endian number with the first bit set (GNU). */
function number(block: Uint8Array, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0);
    if (!Number.isSafeInteger(value)) throw malformed('a size is out of range');
    return value;
  }
  const digits = latin1(block.subarray(start, start + length))
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '');
  if (!/^[0-7]*$/.test(digits)) throw malformed('a number in a header is none');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checkSum(block: Uint8Array): void {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  if (sum !== number(block, 148, 8)) throw malformed('the checksum of a header is wrong');
}

/** The records of an extended header (POSIX pax): `length key=value\n`. */
function paxRecords(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(latin1(bytes.subarray(at, space)));
    if (!Number.isInteger(length) || length <= space - at + 1 || at + length > bytes.length) {
      throw malformed('an extended header is damaged');
    }
    const line = utf8(bytes.subarray(space + 1, at + length - 1));
    const equals = line.indexOf('=');
    if (equals < 1 || bytes[at + length - 1] !== 0x0a) throw malformed('an extended header is damaged');
    const key = line.slice(0, equals);
    if (records.has(key) && (key === 'path' || key === 'size')) {
      throw new Refusal('oci/unsafe-layer', `An extended header of the layer gives ${key} twice.`);
    }
    records.set(key, line.slice(equals + 1));
    at += length;
  }
  return records;
}

/** @throws Refusal for a path that leads out of the image, or is none */
function safePath(raw: string): string {
  const shown = JSON.stringify(raw.slice(0, 200));
  if (raw.length > OCI_LIMITS.path)
    throw new Refusal('oci/too-large', `The layer has a path of ${raw.length} characters.`);
  if (raw.startsWith('/') || raw.includes('\0') || raw.split('/').includes('..')) {
    throw new Refusal('oci/unsafe-layer', `The layer has the path ${shown}, which leads out of the image.`);
  }
  return raw
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function kindOf(type: string, path: string): EntryKind {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return path.endsWith('/') ? 'directory' : 'file';
    case '5':
      return 'directory';
    case '1':
    case '2':
      return 'link';
    default:
      return 'other';
  }
}

/** Counts entries over all layers of an image. */
export interface EntryCount {
  entries: number;
}

/**
 * Reads a tar archive (ustar, pax, GNU long names) that comes in pieces. Nothing is written anywhere: a visitor sees what
 * is in it. Archives that two programs would read in two ways are refused.
 */
export class TarReader {
  readonly #visit: Visitor;
  readonly #count: EntryCount;
  #pending = Buffer.alloc(0);
  /** Bytes of the current entry that are still to come, with its padding. */
  #content = 0;
  #padding = 0;
  #take: ((piece: Uint8Array) => void) | undefined;
  #zeroBlocks = 0;
  #pax: ReadonlyMap<string, string> = new Map();
  #longName: string | undefined;

  constructor(visit: Visitor, count: EntryCount) {
    this.#visit = visit;
    this.#count = count;
  }

  push(piece: Uint8Array): void {
    let rest = piece;
    while (rest.length > 0) {
      if (this.#zeroBlocks >= 2) return; // padding behind the end
      if (this.#content + this.#padding > 0) {
        const content = rest.subarray(0, this.#content);
        if (content.length > 0) this.#take?.(content);
        this.#content -= content.length;
        const padding = Math.min(this.#padding, rest.length - content.length);
        this.#padding -= padding;
        rest = rest.subarray(content.length + padding);
        continue;
      }
      const missing = BLOCK - this.#pending.length;
      this.#pending = Buffer.concat([this.#pending, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#pending.length === BLOCK) {
        const block = this.#pending;
        this.#pending = Buffer.alloc(0);
        this.#header(block);
      }
    }
  }

  /** @throws Refusal when the archive is cut */
  end(): void {
    const open = this.#content + this.#padding > 0 || this.#pending.length > 0;
    // Some programs leave the second block of zeros out; an archive without any may be cut.
    if (open || this.#zeroBlocks === 0) throw malformed('it is cut');
  }

  #header(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw malformed('there is an entry behind its end');
    checkSum(block);
    if (++this.#count.entries > OCI_LIMITS.entries) {
      throw new Refusal('oci/too-large', `The layers hold more than ${OCI_LIMITS.entries} entries.`);
    }
    const type = latin1(block.subarray(156, 157));
    const size = number(block, 124, 12);
    if (type !== '' && 'xgLK'.includes(type)) {
      this.#extension(type, size);
      return;
    }

    const pax = this.#pax;
    const prefix =
      text(block, 257, 5) === 'ustar' && latin1(block.subarray(263, 265)) !== ' \0' ? text(block, 345, 155) : '';
    const name = text(block, 0, 100);
    const raw = pax.get('path') ?? this.#longName ?? (prefix === '' ? name : `${prefix}/${name}`);
    const stated = pax.get('size');
    if (stated !== undefined && !/^[0-9]{1,15}$/.test(stated)) throw malformed('an extended header gives no size');
    if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse')))
      throw malformed('it has sparse files, which are not read');
    const kind = kindOf(type, raw);
    const length = kind === 'directory' || kind === 'link' ? 0 : stated === undefined ? size : Number(stated);
    this.#pax = new Map();
    this.#longName = undefined;
    this.#take = this.#visit({ path: safePath(raw), kind, size: length });
    this.#content = length;
    this.#padding = (BLOCK - (length % BLOCK)) % BLOCK;
  }

  /** A header about the next entry: pax records, or a long name of GNU. */
  #extension(type: string, size: number): void {
    if (size > OCI_LIMITS.extendedHeader) {
      throw new Refusal('oci/too-large', `An extended header of the layer has ${size} bytes.`);
    }
    const pieces: Uint8Array[] = [];
    let left = size;
    this.#content = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#take = (piece) => {
      pieces.push(Uint8Array.from(piece));
      left -= piece.length;
      if (left > 0) return;
      const bytes = Buffer.concat(pieces);
      if (type === 'x') this.#pax = paxRecords(bytes);
      if (type === 'L') this.#longName = text(bytes, 0, bytes.length);
      // Records for all entries (g) and long link targets (K) change nothing that is read here.
      if (type === 'g' && ['path', 'size'].some((key) => paxRecords(bytes).has(key))) {
        throw new Refusal('oci/unsafe-layer', 'A header of the layer gives all of its entries one path or size.');
      }
    };
  }
}
