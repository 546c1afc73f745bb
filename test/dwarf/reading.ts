import { compareTypes } from '../../src/abi/compare/compare-types.ts';
import { openDebugInfo } from '../../src/abi/dwarf/open.ts';
import { readTypeGraph } from '../../src/abi/dwarf/read-graph.ts';
import type { TypeGraph } from '../../src/abi/model.ts';
import { readElf } from '../../src/elf/read.ts';

/** All that a comparison does with one file, from its bytes; undefined when it is not even an ELF file. */
export function readTypes(bytes: Uint8Array, file?: string): TypeGraph | undefined {
  const { image } = readElf(bytes);
  if (image === undefined) return undefined;
  const { files, missing } = openDebugInfo(image, bytes, { ...(file === undefined ? {} : { file }), directories: [] });
  return readTypeGraph(image, files, missing);
}

/** Reads a file and compares its types with those of another one, both ways. */
export function readAndCompare(bytes: Uint8Array, other: TypeGraph, file?: string): TypeGraph | undefined {
  const graph = readTypes(bytes, file);
  if (graph !== undefined) {
    compareTypes(other, graph);
    compareTypes(graph, other);
  }
  return graph;
}
