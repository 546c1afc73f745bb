import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, list, optional, record } from './codec.ts';
import { ColumnReader, type ColumnTable, ColumnWriter, isSnapshotError, SnapshotError } from './columns.ts';
import { goCodec } from './go-codec.ts';
import { graphCodec } from './graph-codec.ts';
import { imageCodec, problemCodec } from './image-codec.ts';
import type { Snapshot } from './snapshot.ts';

/** The file format `plugin-gate/snapshot/v1`: JSON in gzip, see schema/snapshot.v1.json. */
export const SNAPSHOT_SCHEMA = 'plugin-gate/snapshot/v1';

/** Bytes. A library with 100 MB of debug information has a snapshot of about 2 MB. */
export const SNAPSHOT_LIMITS = { compressed: 64 * 1024 * 1024, unpacked: 160 * 1024 * 1024, values: 24 * 1024 * 1024 };

type Tables = Pick<Snapshot, 'image' | 'problems' | 'types' | 'go'>;

const tables: Codec<Tables> = record<Tables>({
  image: imageCodec,
  problems: list(problemCodec),
  types: graphCodec,
  go: optional(goCodec),
});

const KEYS = new Set(['schema', 'digest', 'size', 'release', 'content', 'strings', 'columns']);
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MOST_RELEASE = 256;

/** Byte of the gzip header that names the system that packed it (RFC 1952, section 2.3), and its value for unknown. */
const GZIP_OS = 9;
const UNKNOWN_OS = 255;

/**
 * A snapshot as the bytes of its file. The same snapshot gives the same bytes: there is no time and no path in it.
 * @throws SnapshotError for what is larger than what is read again
 */
export function writeSnapshot(snapshot: Snapshot): Uint8Array {
  const { digest, size, release, content } = snapshot;
  const columns = new ColumnWriter();
  tables.writer(columns, '')(snapshot);
  const head = { schema: SNAPSHOT_SCHEMA, digest, size, release, content };
  const { strings, columns: values } = columns.finish();
  const json = Buffer.from(`${JSON.stringify({ ...head, strings, columns: values })}\n`);
  if (json.length > SNAPSHOT_LIMITS.unpacked) throw tooLarge('unpacked', json.length, SNAPSHOT_LIMITS.unpacked);
  const packed = gzipSync(json, { level: constants.Z_BEST_COMPRESSION });
  if (packed.length > SNAPSHOT_LIMITS.compressed) throw tooLarge('packed', packed.length, SNAPSHOT_LIMITS.compressed);
  packed[GZIP_OS] = UNKNOWN_OS;
  return packed;
}

export type SnapshotReading =
  | { readonly snapshot: Snapshot; readonly problem?: undefined }
  | { readonly snapshot?: undefined; readonly problem: string };

/** Reads the bytes of a snapshot, which may come from anywhere; `problem` is a sentence that says why it is refused. */
export function readSnapshot(bytes: Uint8Array): SnapshotReading {
  try {
    return { snapshot: decode(parse(unpack(bytes))) };
  } catch (error) {
    if (isSnapshotError(error)) return { problem: error.message };
    throw error;
  }
}

function unpack(bytes: Uint8Array): string {
  if (bytes.length > SNAPSHOT_LIMITS.compressed) throw tooLarge('packed', bytes.length, SNAPSHOT_LIMITS.compressed);
  let unpacked: Buffer;
  try {
    unpacked = gunzipSync(bytes, { maxOutputLength: SNAPSHOT_LIMITS.unpacked });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new SnapshotError(`It unpacks to more than ${SNAPSHOT_LIMITS.unpacked} bytes, which is not read.`);
    }
    throw new SnapshotError('It is not a whole gzip file.');
  }
  // Every value and every list stands behind one of these; so many of them fit into memory.
  let values = 0;
  for (const byte of unpacked) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) values += 1;
  if (values > SNAPSHOT_LIMITS.values) throw new SnapshotError(`It holds more than ${SNAPSHOT_LIMITS.values} values.`);
  return unpacked.toString('utf8');
}

interface Parsed extends ColumnTable {
  readonly digest: string;
  readonly size: number;
  readonly release?: string;
  readonly content?: string;
}

function parse(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SnapshotError('It is a gzip file, but what is in it is not JSON.');
  }
  if (!isObject(value) || typeof value.schema !== 'string' || !value.schema.startsWith('plugin-gate/snapshot/')) {
    throw new SnapshotError('It is a gzip file, but no snapshot: make one with plugin-gate snapshot.');
  }
  if (value.schema !== SNAPSHOT_SCHEMA) {
    throw new SnapshotError(
      `It has the form ${JSON.stringify(value.schema.slice(0, 60))}; this version reads ${SNAPSHOT_SCHEMA}.`,
    );
  }
  const unknown = Object.keys(value).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw new SnapshotError(`It has an unknown key ${JSON.stringify(unknown.slice(0, 60))}.`);
  const { digest, size, release, content, strings, columns } = value;
  if (!isDigest(digest)) throw new SnapshotError('Its digest is not one of SHA-256.');
  if (content !== undefined && !isDigest(content)) throw new SnapshotError('Its content is not a digest of SHA-256.');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw new SnapshotError('Its size is none.');
  if (release !== undefined && (typeof release !== 'string' || release.length > MOST_RELEASE)) {
    throw new SnapshotError('Its release is not a short text.');
  }
  if (!isListOf(strings, isText)) throw new SnapshotError('Its strings are not a list of texts.');
  if (!isColumns(columns)) throw new SnapshotError('Its columns are not lists of numbers.');
  return {
    digest,
    size,
    strings,
    columns,
    ...(release === undefined ? {} : { release }),
    ...(content === undefined ? {} : { content }),
  };
}

function decode({ strings, columns, ...head }: Parsed): Snapshot {
  const reader = new ColumnReader({ strings, columns });
  const found = tables.reader(reader, '')();
  reader.finish();
  return { ...head, ...found };
}

function tooLarge(what: string, size: number, limit: number): SnapshotError {
  return new SnapshotError(`It has ${size} bytes ${what}; the limit is ${limit}.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function isListOf<T>(value: unknown, is: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isColumns(value: unknown): value is ColumnTable['columns'] {
  return isObject(value) && Object.values(value).every((column) => isListOf(column, isNumber));
}
