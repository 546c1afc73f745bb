import type { TypeGraph } from '../abi/model.ts';
import type { ElfImage, ElfProblem } from '../elf/model.ts';
import type { GoRecord } from '../golang/record.ts';

/** What a comparison needs of a release, without the release itself. */
export interface Snapshot {
  /** `sha256:<hex>` of the file that it was made of. */
  readonly digest: string;
  /** Size of that file in bytes. */
  readonly size: number;
  /** Version of the release, as whoever made the snapshot gave it. */
  readonly release?: string;
  /** See contentDigest() in src/compare/content-digest.ts; absent where equal content cannot be told. */
  readonly content?: string;
  readonly image: ElfImage;
  readonly problems: readonly ElfProblem[];
  /** Of a Go plugin: the types of what plugin.Lookup finds. Snapshots of older programs have them in `go`. */
  readonly types: TypeGraph;
  /** Of a Go plugin: what else stands in the tables of Go's runtime. */
  readonly go?: GoRecord;
}
