import { createHash } from 'node:crypto';
import { readAbi } from '../abi/abi.ts';
import type { DebugSearch } from '../abi/dwarf/open.ts';
import type { TypeGraph } from '../abi/model.ts';
import { contentDigest } from '../compare/content-digest.ts';
import { isGoPlugin } from '../compare/interface.ts';
import type { ElfImage } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { type GoReading, readGo } from '../golang/read.ts';
import { recordGo } from '../golang/record.ts';
import type { Snapshot } from './snapshot.ts';

export type SnapshotMaking =
  | { readonly snapshot: Snapshot; readonly problem?: undefined }
  | { readonly snapshot?: undefined; readonly problem: string };

/**
 * Records of a file what a comparison needs. The same file and debug information give the same snapshot, wherever they
 * lie.
 * @param search where the debug information may lie
 * @param release version of the release, for the advice on the next one
 */
export function makeSnapshot(bytes: Uint8Array, search: DebugSearch, release?: string): SnapshotMaking {
  const { image, problems } = readElf(bytes);
  if (image === undefined) return { problem: problems.map(({ message }) => message).join(' ') };
  const content = contentDigest({ bytes, image });
  const plugin = isGoPlugin(image);
  const go = plugin ? readGo(bytes, image) : undefined;
  return {
    snapshot: {
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      size: bytes.length,
      ...(release === undefined ? {} : { release }),
      ...(content === undefined ? {} : { content }),
      image,
      problems,
      types: plugin ? goPluginTypes(image, go) : readAbi({ image, bytes, search }),
      ...(go === undefined ? {} : { go: recordGo(go) }),
    },
  };
}

/** What plugin.Lookup finds; of a plugin whose tables were not understood nothing is known. */
function goPluginTypes({ header }: ElfImage, go: GoReading | undefined): TypeGraph {
  if (go?.plugin !== undefined) return go.plugin.table.types;
  return {
    nodes: [],
    symbols: [],
    missing: [
      {
        code: 'unsupported',
        message: `The tables of the Go plugin were not understood. ${go?.tried ?? ''}`.trim(),
        fix: 'Make the snapshot with a version of the gate that knows the toolchain of the plugin.',
      },
    ],
    odr: [],
    producers: [],
    pointerSize: header.class / 8,
    littleEndian: header.endian === 'little',
  };
}
