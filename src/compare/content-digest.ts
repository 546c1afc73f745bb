import { createHash } from 'node:crypto';
import type { ElfImage } from '../elf/model.ts';
import { contents, debugSections, type FileContent, kept, loads, sameFileContent, skipped } from './loaded-content.ts';

/** What a snapshot knows of a file's bytes. */
export interface RecordedContent {
  readonly image: ElfImage;
  /** What {@link contentDigest} gave for the file. */
  readonly content?: string;
}

/** The same question where either side may be a record: see {@link sameFileContent}. */
export function sameContent(old: FileContent | RecordedContent, now: FileContent | RecordedContent): boolean {
  if ('bytes' in old && 'bytes' in now) return sameFileContent(old, now);
  const [before, after] = [old, now].map((one) => ('bytes' in one ? contentDigest(one) : one.content));
  return before !== undefined && before === after;
}

/**
 * `sha256:<hex>` of everything that {@link sameContent} compares: two files have the same content when their digests are
 * the same. Undefined for a file that maps nothing, or that is shorter than it says: it equals no other.
 */
export function contentDigest(file: FileContent): string | undefined {
  const { bytes, image } = file;
  const skip = skipped(file);
  const hash = createHash('sha256');
  const mapped = loads(image);
  if (mapped.length === 0 || mapped.some(({ offset, fileSize }) => offset + fileSize > bytes.length)) return undefined;
  const layout = image.segments.map(({ typeCode, vaddr, offset, fileSize, memorySize, flags }) => {
    return [typeCode, vaddr, offset, fileSize, memorySize, flags.read, flags.write, flags.execute];
  });
  const debug = debugSections(image);
  hash.update(JSON.stringify([layout, skip, debug.map(({ name, size }) => [name, size])]));
  for (const segment of mapped) {
    const end = segment.offset + segment.fileSize;
    for (const [from, to] of kept(segment.offset, end, skip)) hash.update(bytes.subarray(from, to));
  }
  for (const section of debug) hash.update(contents(bytes, section));
  return `sha256:${hash.digest('hex')}`;
}
