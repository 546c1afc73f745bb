import type { TypeEvidence } from '../compare/model.ts';
import type { ElfImage } from '../elf/model.ts';
import { type CompareTypesOptions, compareTypes } from './compare/compare-types.ts';
import { type DebugSearch, openDebugInfo } from './dwarf/open.ts';
import { readTypeGraph } from './dwarf/read-graph.ts';
import type { TypeGraph } from './model.ts';

/** One side of a comparison: the file as read, and where its debug information may lie. */
export interface AbiInput {
  readonly image: ElfImage;
  readonly bytes: Uint8Array;
  readonly search: DebugSearch;
}

/** The type graph of one file. */
export async function readAbi({ image, bytes, search }: AbiInput): Promise<TypeGraph> {
  const { files, missing } = await openDebugInfo(image, bytes, search);
  return readTypeGraph(image, files, missing);
}

/** Compares the types of the symbols that both files export. */
export async function compareAbi(
  old: AbiInput,
  now: AbiInput,
  options: CompareTypesOptions = {},
): Promise<TypeEvidence> {
  const before = await readAbi(old);
  const after = await readAbi(now);
  return compareTypes(before, after, options);
}
