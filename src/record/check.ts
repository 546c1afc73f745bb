import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../config/error-code.ts';
import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { isCutLine, type LineFacts, LONGEST_LINE, lineDigest, readLine } from './line.ts';

/** What a record came to. */
export interface RecordCheck {
  readonly findings: readonly Finding[];
  /** Decisions, by what they came to. */
  readonly counts: Readonly<Record<'passed' | 'failed' | 'undecided', number>>;
  /** Cut lines that a later one sealed. */
  readonly sealed: number;
  /** Digest of the last whole line. */
  readonly head?: string;
  readonly first?: LineFacts;
  readonly last?: LineFacts;
}

const CHUNK = 256 * 1024;

/** The lines of a file; of one that is too long, as much as tells that it is, and then no more. */
function* linesOf(descriptor: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK);
  let pending = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const count = readSync(descriptor, chunk, 0, CHUNK, position);
    if (count === 0) break;
    position += count;
    let data = pending.length === 0 ? chunk.subarray(0, count) : Buffer.concat([pending, chunk.subarray(0, count)]);
    for (let feed = data.indexOf(0x0a); feed >= 0; feed = data.indexOf(0x0a)) {
      yield data.subarray(0, feed);
      data = data.subarray(feed + 1);
    }
    if (data.length > LONGEST_LINE) {
      yield data;
      return;
    }
    pending = Buffer.from(data);
  }
  if (pending.length > 0) yield pending;
}

/**
 * Checks that a record is whole: every line is a decision, and hangs on the one before it. Reads the file once, a piece
 * at a time; stops at the first fault, since nothing after it can be believed.
 * @param path of the record
 * @param known digest of a line that was the last one earlier: the record must still have it
 * @throws UsageError when the file cannot be read
 */
export function checkRecord(path: string, known?: string): RecordCheck {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UsageError(`The record ${path} cannot be read (${errorCode(error)}).`);
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw new UsageError(`The record ${path} is not a regular file.`);
    return follow(linesOf(descriptor), known);
  } finally {
    closeSync(descriptor);
  }
}

/** Cut lines one after the other that are followed; an honest record has one at a time. */
const MOST_CUT = 100;

/** Lines since the last whole one, which the next has to seal. */
interface Cut {
  readonly from: number;
  readonly problem: string;
  readonly hash: Hash;
}

/** The way along the chain. */
class Chain {
  readonly counts = { passed: 0, failed: 0, undecided: 0 };
  sealed = 0;
  head: string | undefined;
  first: LineFacts | undefined;
  last: LineFacts | undefined;
  cut: Cut | undefined;

  /** Takes one line; @returns what is wrong with it. */
  take(bytes: Buffer, number: number): string | undefined {
    if (bytes.length > LONGEST_LINE) return `expected at most ${LONGEST_LINE} bytes, found a longer line`;
    const reading = readLine(bytes);
    if (reading.problem !== undefined) return this.#keep(bytes, number, reading.problem);
    const { links, about } = reading;
    const cut = this.cut === undefined ? undefined : `sha256:${this.cut.hash.digest('hex')}`;
    if (links.cut !== cut) {
      return `expected ${cut === undefined ? 'no cut line before it' : `it to seal the cut line before it (${cut})`}, found ${links.cut ?? 'nothing'}`;
    }
    if (links.previous !== this.head) {
      return `expected the digest of the line before it, ${this.head ?? 'none'}, found ${links.previous ?? 'none'}`;
    }
    if (cut !== undefined) this.sealed += 1;
    this.cut = undefined;
    this.head = lineDigest(bytes);
    this.first ??= about;
    this.last = about;
    this.counts[about.result] += 1;
    return undefined;
  }

  #keep(bytes: Buffer, number: number, problem: string): string | undefined {
    if (!isCutLine(bytes)) return `expected a decision, but ${problem}`;
    if (this.cut === undefined) this.cut = { from: number, problem, hash: createHash('sha256').update(bytes) };
    else this.cut.hash.update('\n').update(bytes);
    if (number - this.cut.from > MOST_CUT)
      return `expected a decision, found more than ${MOST_CUT} lines that are none`;
    return undefined;
  }
}

function follow(lines: Iterable<Buffer>, known: string | undefined): RecordCheck {
  const chain = new Chain();
  const findings: Finding[] = [];
  let number = 0;
  let reached = false;
  for (const bytes of lines) {
    number += 1;
    const fault = chain.take(bytes, number);
    if (fault !== undefined) {
      findings.push(finding('verdict/record-broken', `Line ${number}: ${fault}.`, { subject: `line ${number}` }));
      break;
    }
    if (known !== undefined && chain.head === known) reached = true;
  }
  const { counts, sealed, head, first, last, cut } = chain;
  if (findings.length === 0 && cut !== undefined) {
    const message = `Line ${cut.from}, at the end, is not whole, and no later line seals it: ${cut.problem}.`;
    findings.push(finding('verdict/record-cut', message, { subject: `line ${cut.from}` }));
  }
  if (known !== undefined && !reached && !findings.some(({ rule }) => rule === 'verdict/record-broken')) {
    const message = `Expected a line with the digest ${known}, found none: lines were taken off the end, or this is another record.`;
    findings.push(finding('verdict/record-broken', message, { subject: 'head' }));
  }
  return {
    findings,
    counts,
    sealed,
    ...(head === undefined ? {} : { head }),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
  };
}
