import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { TypeEvidence } from '../compare/model.ts';
import type { ElfImage } from '../elf/model.ts';
import { type CompareTypesOptions, compareTypes } from './compare/compare-types.ts';
import { throughDescriptors } from './dwarf/descriptors.ts';
import { type DebugSearch, openDebugInfo } from './dwarf/open.ts';
import { readTypeGraph } from './dwarf/read-graph.ts';
import type { MissingEvidence, TypeGraph } from './model.ts';

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
export function readAbi(input: AbiInput): TypeGraph {
  return readSide(input).types;
}

/** What is read of one side: its types, and the separate files of which nothing tells whether they are of its build. */
interface Side extends ReadAbi {
  readonly loose: readonly string[];
}

function readSide(side: AbiInput | ReadAbi): Side {
  if ('types' in side) return { types: side.types, loose: [] };
  const { image, bytes, search } = side;
  const { files, missing, loose } = openDebugInfo(image, bytes, search);
  return { types: readTypeGraph(throughDescriptors(image, bytes), files, missing), loose };
}

/** Compares the types of the symbols that both files export. */
export function compareAbi(
  old: AbiInput | ReadAbi,
  now: AbiInput | ReadAbi,
  options: CompareTypesOptions = {},
): TypeEvidence {
  const [before, after] = [readSide(old), readSide(now)];
  const shared = sharedFiles(before, after);
  const types = shared === undefined ? after.types : { ...after.types, missing: [...after.types.missing, shared] };
  return compareTypes(before.types, types, options);
}

/** Types of both releases in one file: then they are those of the later build for both. */
function sharedFiles(before: Side, after: Side): MissingEvidence | undefined {
  const known = new Set(before.loose.map(realPath));
  const shared = after.loose.filter((path) => known.has(realPath(path)));
  const [first = ''] = shared;
  if (shared.length === 0) return undefined;
  const more = shared.length > 1 ? ` and ${shared.length - 1} more` : '';
  return {
    code: 'split-missing',
    message: `OLD and NEW have their types in the same file, ${basename(first)}${more}, which can be of one build only; the id that the compiler gave it does not tell.`,
    fix: 'Keep the .dwo files, or the .dwp file, of each release in a directory of their own.',
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it was there a moment ago: its name still tells
  }
}
