import type { ElfBytes } from './cursor.ts';
import type { Segment } from './model.ts';
import { PT } from './segments.ts';

const LONGEST_INTERPRETER = 4096;

/** The path in PT_INTERP; undefined when there is none. */
export function readInterpreter(bytes: ElfBytes, segments: readonly Segment[]): string | undefined {
  const segment = segments.find(({ typeCode }) => typeCode === PT.INTERP);
  if (segment === undefined) return undefined;
  const text = bytes.latin1(segment.offset, Math.min(segment.fileSize, LONGEST_INTERPRETER));
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
