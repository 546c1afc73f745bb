import type { TypeGraph } from '../abi/model.ts';
import type { RecordedFile } from '../compare/files.ts';
import type { GoRecord } from '../golang/record.ts';

/** What a snapshot recorded of a file, in the form in which it is compared. */
export interface RecordedRelease extends RecordedFile {
  readonly types: TypeGraph;
  /** Of a Go plugin. */
  readonly go?: GoRecord;
  /** Version that the snapshot gives the release. */
  readonly release?: string;
}

const NO_TYPES: TypeGraph = {
  nodes: [],
  symbols: [],
  missing: [],
  odr: [],
  producers: [],
  pointerSize: 8,
  littleEndian: true,
};

/**
 * Reads a snapshot for a comparison; one that is refused says why in `refused`, and has nothing else.
 * @param name for messages
 * @param digest of the snapshot's own bytes, which stands for the file when the snapshot is refused
 */
export async function readRecorded(name: string, bytes: Uint8Array, digest: () => string): Promise<RecordedRelease> {
  const { readSnapshot } = await import('../parts/snapshot.ts');
  const { snapshot, problem } = readSnapshot(bytes);
  if (snapshot !== undefined) return { name, ...snapshot };
  return { name, digest: digest(), size: bytes.length, problems: [], refused: problem, types: NO_TYPES };
}
