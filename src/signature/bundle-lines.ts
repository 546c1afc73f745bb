import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { LIMITS } from './limits.ts';

const LINE_FEED = 0x0a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** The lines that hold more than spaces. */
function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length && lines.length <= LIMITS.bundlesInFile) {
    const end = bytes.indexOf(LINE_FEED, start);
    const line = trimmed(bytes.subarray(start, end < 0 ? bytes.length : end));
    if (line.length > 0) lines.push(line);
    if (end < 0) break;
    start = end + 1;
  }
  return lines;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length];
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

/** Whether an object of JSON can stand on this line alone; the first line of an indented document is only `{`. */
function isWhole(line: Uint8Array | undefined): boolean {
  return line !== undefined && line.length > 2 && line[0] === OPEN && line.at(-1) === CLOSE;
}

/**
 * The bundles of a file: one document, or one a line as GitHub hands attestations out (`gh attestation download`,
 * JSON Lines). A line that is no object makes the whole file a damaged one.
 */
export function bundlesIn(bytes: Uint8Array): { readonly bundles: readonly Uint8Array[] } | { finding: Finding } {
  const lines = bytes.length > LIMITS.documentBytes ? [] : linesOf(bytes);
  if (lines.length < 2 || !isWhole(lines[0])) return { bundles: [bytes] };
  if (lines.length > LIMITS.bundlesInFile) {
    const message = `Expected at most ${LIMITS.bundlesInFile} bundles in one file, found more lines.`;
    return { finding: finding('sig/too-large', message) };
  }
  const broken = lines.findIndex((line) => !isWhole(line));
  if (broken >= 0) {
    const message = `Expected one bundle a line, but line ${broken + 1} of the lines that are not empty is no JSON object.`;
    return { finding: finding('sig/malformed', message) };
  }
  return { bundles: lines };
}
