import type { TypeEvidence } from '../compare/model.ts';
import type { ElfImage } from '../elf/model.ts';
import { type CompareTypesOptions, compareTypes } from './compare/compare-types.ts';
import { throughDescriptors } from './dwarf/descriptors.ts';
import { type DebugSearch, openDebugInfo } from './dwarf/open.ts';
import { readTypeGraph } from './dwarf/read-graph.ts';
import type { TypeGraph } from './model.ts';

/** One side of a comparison: the file as read, and where its debug information may lie. */
export interface AbiInput {
  readonly image: ElfImage;
  readonly bytes: Uint8Array;
  readonly search: DebugSearch;
}

/** A type graph that was read before, such as one of a snapshot. */
export interface ReadAbi {
  readonly types: TypeGraph;
}

/** The type graph of one file. */
export function readAbi({ image, bytes, search }: AbiInput): TypeGraph {
  const { files, missing } = openDebugInfo(image, bytes, search);
  return readTypeGraph(throughDescriptors(image, bytes), files, missing);
}

/** Compares the types of the symbols that both files export. */
export function compareAbi(
  old: AbiInput | ReadAbi,
  now: AbiInput | ReadAbi,
  options: CompareTypesOptions = {},
): TypeEvidence {
  const before = 'types' in old ? old.types : readAbi(old);
  const after = 'types' in now ? now.types : readAbi(now);
  return compareTypes(before, after, options);
}
