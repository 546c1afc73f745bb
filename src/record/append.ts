import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInside } from '../artifact/read.ts';
import { errorCode } from '../config/error-code.ts';
import { EnvironmentError } from '../errors.ts';
import type { Decision } from '../verdict/decision.ts';
import type { SigningOutcome } from '../verdict/write.ts';
import { isCutLine, type Links, LONGEST_LINE, lineDigest, readLine, renderLine } from './line.ts';
import { withLock } from './lock.ts';

/** Bytes of the end of a record that are read: two of the longest lines. */
const TAIL = 2 * (LONGEST_LINE + 1);
const LINE_FEED = 0x0a;

/** One decision with what came of signing it. */
export interface Entry {
  readonly decision: Decision;
  /** Absent where nothing was to be signed. */
  readonly signing?: SigningOutcome;
}

/**
 * Appends decisions to a record, each line with the digest of the one before. Nothing that is there is changed or
 * removed; runs that append at the same time wait for each other.
 * @param root absolute path; the record lies in it or below
 * @param file relative to `root`
 * @returns the digest of the last line: who keeps it elsewhere can tell later whether lines were taken off the end
 * @throws EnvironmentError when the file cannot be written, or is no record
 */
export async function appendToRecord(
  root: string,
  file: string,
  entries: readonly Entry[],
): Promise<string | undefined> {
  const path = placeOf(root, file);
  return await withLock(`${path}.lock`, `${file}.lock`, () => append(path, file, entries));
}

/** The place of the record with all links on the way resolved. */
function placeOf(root: string, file: string): string {
  const directory = join(root, dirname(file));
  const inside = (path: string): boolean => isInside(realpathSync(root), realpathSync(path));
  try {
    // No directory is made through a link that leads out.
    let there = directory;
    while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
    if (inside(there)) {
      mkdirSync(directory, { recursive: true });
      if (inside(directory)) return join(realpathSync(directory), basename(file));
    }
  } catch (error) {
    throw new EnvironmentError(
      `The record ${file} cannot be written: its directory cannot be made (${errorCode(error)}).`,
    );
  }
  throw new EnvironmentError(`The record ${file} leads out of the repository; it must be a file inside.`);
}

function append(path: string, file: string, entries: readonly Entry[]): string | undefined {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new EnvironmentError(`The record ${file} is not a regular file.`);
    const end = endOf(descriptor, stat.size, file);
    let links: Links = end.links;
    let text = end.gap ? '\n' : '';
    for (const { decision, signing } of entries) {
      const line = renderLine(decision, signing, links);
      links = { previous: lineDigest(Buffer.from(line)) };
      text += `${line}\n`;
    }
    writeAll(descriptor, Buffer.from(text));
    fsyncSync(descriptor);
    return links.previous;
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    const code = errorCode(error);
    const why = code === 'ELOOP' ? 'it is a symbolic link' : code;
    throw new EnvironmentError(`The record ${file} cannot be written: ${why}.`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/** What the next line hangs on. Only the end of the record is read, however long it is. */
function endOf(descriptor: number, size: number, file: string): { readonly links: Links; readonly gap: boolean } {
  const start = Math.max(0, size - TAIL);
  const tail = readFrom(descriptor, start, size - start);
  const gap = tail.length > 0 && tail.at(-1) !== LINE_FEED;
  const end = gap ? tail.length : tail.length - 1;
  let at = end;
  while (at > 0) {
    const feed = tail.lastIndexOf(LINE_FEED, at - 1);
    if (feed < 0 && start > 0) break;
    const line = tail.subarray(feed + 1, at);
    const reading = readLine(line);
    if (reading.problem === undefined) {
      const cut = at === end ? {} : { cut: lineDigest(tail.subarray(at + 1, end)) };
      return { links: { previous: lineDigest(line), ...cut }, gap };
    }
    if (!isCutLine(line)) {
      throw new EnvironmentError(
        `The record ${file} has a line at its end that is no decision: ${reading.problem}. Keep the file under another name and let a new one begin.`,
      );
    }
    at = feed;
  }
  if (start > 0) {
    throw new EnvironmentError(
      `The record ${file} has no decision in its last ${TAIL} bytes. Keep it under another name and let a new one begin.`,
    );
  }
  return { links: end > 0 ? { cut: lineDigest(tail.subarray(0, end)) } : {}, gap };
}

function readFrom(descriptor: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, bytes, filled, length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
