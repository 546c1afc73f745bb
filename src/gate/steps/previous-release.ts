import type { AbiInput, ReadAbi } from '../../abi/abi.ts';
import type { Baseline } from '../../baseline/resolve.ts';
import type { SideContent } from '../../compare/files.ts';
import { elfFindings } from '../../elf/findings.ts';
import type { ElfImage } from '../../elf/model.ts';
import { readElf } from '../../elf/read.ts';
import type { GoRelease } from '../../golang/compare.ts';
import { isSnapshotFile } from '../../snapshot/detect.ts';
import { readRecorded } from '../../snapshot/read-recorded.ts';
import type { Known } from '../known.ts';

/** The previous release in the form in which it is compared. */
export interface PreviousRelease {
  readonly known: NonNullable<Known['previous']>;
  readonly image: ElfImage;
  readonly content: SideContent;
  /** @param search where debug information of a file may lie */
  readonly types: (search: AbiInput['search']) => AbiInput | ReadAbi;
  /** Of a Go plugin. */
  readonly go: GoRelease;
}

export type PreviousReading =
  | PreviousRelease
  | { readonly known: NonNullable<Known['previous']>; readonly image?: undefined; readonly problem: string };

/** Reads the previous release, a file or the snapshot of one. */
export async function readPrevious({ artifact, source, version }: Baseline): Promise<PreviousReading> {
  const { bytes } = artifact;
  const base = { artifact, source, ...(version === undefined ? {} : { version }) };
  if (isSnapshotFile(bytes)) {
    const recorded = await readRecorded(artifact.file, bytes, () => artifact.digest);
    const { image, refused = '', digest, release } = recorded;
    if (image === undefined) return { known: base, problem: `The snapshot cannot be used. ${refused}` };
    const known = { ...base, image, snapshotOf: digest, version: version ?? release };
    return { known, image, content: { content: recorded.content, image }, types: () => recorded, go: recorded };
  }
  const reading = readElf(bytes);
  const { image } = reading;
  if (image === undefined) {
    const problems = elfFindings(reading).map(({ message }) => message);
    return { known: base, problem: problems.join(' ') };
  }
  const known = { ...base, image };
  return {
    known,
    image,
    content: { bytes, image },
    types: (search) => ({ image, bytes, search }),
    go: { bytes, image },
  };
}
