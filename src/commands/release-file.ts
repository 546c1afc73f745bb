import type { ComparedFile } from '../compare/files.ts';
import { isSnapshotFile } from '../snapshot/detect.ts';
import { type RecordedRelease, readRecorded } from '../snapshot/read-recorded.ts';
import { readInput } from './read-input.ts';

/** A release to compare: the file, or the snapshot of one. */
export type ReleaseFile = ComparedFile | RecordedRelease;

/**
 * Reads a file or a snapshot that was named on the command line; which of the two it is tells its first bytes.
 * @param what for the message, for example `the old file`
 * @throws UsageError when it cannot be read
 */
export async function readRelease(name: string, what: string): Promise<ReleaseFile> {
  const bytes = await readInput(name, what);
  if (!isSnapshotFile(bytes)) return { name, bytes };
  // Only snapshots need it: loading it takes longer than comparing a small file with itself.
  const { createHash } = await import('node:crypto');
  return readRecorded(name, bytes, () => `sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

/** Whether both are files with the same bytes. */
export function sameBytes(one: ReleaseFile, other: ReleaseFile): boolean {
  return 'bytes' in one && 'bytes' in other && Buffer.compare(one.bytes, other.bytes) === 0;
}
