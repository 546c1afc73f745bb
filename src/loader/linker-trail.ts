import { lstatSync } from 'node:fs';
import { readBack } from './read-back.ts';

/** What the dynamic linker told of one thing that it did (native/loader/trail.h). Texts are untrusted, bytes as Latin-1. */
export interface LinkerRecord {
  readonly kind: 'search' | 'object' | 'bind' | 'lookup' | 'begin' | 'end' | 'close';
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly time: bigint;
  /** For `search`, why this path was tried: LA_SER_*. For `object`, 1 when it came after the program had begun. */
  readonly flags: number;
  /** For `object` the base, for `begin` and `end` the address of the constructor relative to it. */
  readonly value: bigint;
  /** Numbers of objects, as `object` gives them; 0: none. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Of a symbol, its version. */
  readonly second: string;
}

export interface LinkerTrail {
  readonly records: readonly LinkerRecord[];
  /** Whether there was more than fits, or than is taken. */
  readonly cut: boolean;
  /** Whether something stands in it that the audit library does not write: its end, or a whole record, was overwritten. */
  readonly broken: boolean;
}

const MAGIC = 0x31306c6961727470n;
const HEADER_BYTES = 24;
const RECORD_BYTES = 32;
const LARGEST_FILE = 16 * 1024 * 1024;
const MOST_RECORDS = 20_000;
const LONGEST_TEXT = 4096;
const LARGEST_RECORD = RECORD_BYTES + 2 * (LONGEST_TEXT + 8);
const KINDS: readonly (LinkerRecord['kind'] | undefined)[] = [
  undefined,
  'search',
  'object',
  'bind',
  'lookup',
  'begin',
  'end',
  'close',
];

/**
 * Reads what the audit library wrote. The plugin's process can write to the same file, so anything may stand in it: reading
 * stops at the first record that cannot be one.
 * @returns undefined when the dynamic linker did not load the audit library
 */
export function readLinkerTrail(file: string): LinkerTrail | undefined {
  const bytes = readStart(file);
  if (bytes === undefined || bytes.length < HEADER_BYTES || bytes.readBigUInt64LE(0) !== MAGIC) return undefined;
  const records: LinkerRecord[] = [];
  const used = bytes.readBigUInt64LE(8);
  const full = bytes.readBigUInt64LE(16) > 0n;
  let cut = full;
  let at = HEADER_BYTES;
  while (at + RECORD_BYTES <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    const kind = KINDS[bytes.readUInt16LE(at + 4)];
    if (size < RECORD_BYTES || size % 8 !== 0 || at + size > bytes.length || kind === undefined) break;
    if (records.length === MOST_RECORDS) {
      cut = true;
      break;
    }
    const [text = '', second = ''] = bytes
      .subarray(at + RECORD_BYTES, Math.min(at + size, at + RECORD_BYTES + 2 * LONGEST_TEXT))
      .toString('latin1')
      .split('\0', 2);
    records.push({
      kind,
      flags: bytes.readUInt16LE(at + 6),
      time: bytes.readBigUInt64LE(at + 8),
      value: bytes.readBigUInt64LE(at + 16),
      from: bytes.readUInt32LE(at + 24),
      to: bytes.readUInt32LE(at + 28),
      text,
      second,
    });
    at += size;
  }
  // Records are lost only when the file is full: nothing is missing before its end.
  const left = BigInt(HEADER_BYTES) + used - BigInt(at);
  const broken = full ? sizeOf(file) - at > LARGEST_RECORD : left !== 0n;
  return { records, cut, broken: broken && records.length < MOST_RECORDS };
}

/** Only what was written: the file is as large as it may grow, and the rest of it is a hole. */
function readStart(file: string): Buffer | undefined {
  const header = readBack(file, HEADER_BYTES);
  if (header === undefined || header.length < HEADER_BYTES) return undefined;
  const used = header.readBigUInt64LE(8);
  return readBack(file, HEADER_BYTES + (used > BigInt(LARGEST_FILE) ? LARGEST_FILE : Number(used)));
}

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
