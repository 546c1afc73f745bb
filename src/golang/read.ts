import { isGo } from '../elf/go.ts';
import type { ElfImage } from '../elf/model.ts';
import { type GoBuildInfo, readBuildInfo } from './build-info.ts';
import { canBeRead, GoMemory } from './memory.ts';
import { readModuledata } from './moduledata.ts';
import { readPackageHashes } from './package-hashes.ts';
import { type PluginTable, readPluginTable } from './plugin-table.ts';
import { type GoProducer, readProducer } from './producer.ts';
import { readSourceDirectories } from './source-directories.ts';

/** What a Go binary says of itself, without running it. Raw text from the file. */
export interface GoReading {
  /** From the build information, else from the debug information; absent when neither is there. */
  readonly toolchain?: string;
  readonly build?: GoBuildInfo;
  readonly producer?: GoProducer;
  /** By import path, in hexadecimal; empty in a host that cannot load plugins. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Of a plugin whose own tables were understood. */
  readonly plugin?: GoPluginTables;
  /** Of a plugin whose own tables were not understood: what was looked at. */
  readonly tried?: string;
  /** Where the compiler found the sources. */
  readonly directories: ReadonlySet<string>;
}

export interface GoPluginTables {
  /** What plugin.Open tells two plugins apart by. */
  readonly path: string;
  /** In the order in which plugin.Open compares them with those of the host. */
  readonly packages: readonly { readonly path: string; readonly hash: string }[];
  readonly table: PluginTable;
  /** The versions of Go whose layout fitted. */
  readonly layout: string;
}

/**
 * Reads everything that the Go toolchain left in a file. Undefined when the file was not made by Go. Never throws, and reads
 * only the tables it needs.
 * @param file the bytes that `image` was read from
 */
export function readGo(file: Uint8Array, image: ElfImage): GoReading | undefined {
  if (!isGo(image) && !hasPackageHashes(image)) return undefined;
  const build = readBuildInfo(file, image);
  const producer = build === undefined ? readProducer(file, image) : undefined;
  const toolchain = build?.toolchain ?? producer?.toolchain;
  const common = {
    ...(toolchain === undefined ? {} : { toolchain }),
    ...(build === undefined ? {} : { build }),
    ...(producer === undefined ? {} : { producer }),
  };
  if (!canBeRead(image)) {
    const tried = `Tables of Go plugins are read on amd64 and arm64 only; this file is for ${image.header.machine}.`;
    return { ...common, hashes: new Map(), directories: new Set(), ...(isProgram(image) ? {} : { tried }) };
  }
  const memory = new GoMemory(file, image);
  const hashes = readPackageHashes(memory, image);
  const isPlugin = hashes.size > 0 && !isProgram(image);
  const { found, ...rest } = isPlugin ? readModuledata(memory, image, hashes) : {};
  const directories = readSourceDirectories(memory, image, found?.lineTable);
  if (found === undefined) return { ...common, ...rest, hashes, directories };
  const plugin = {
    path: found.pluginPath,
    packages: found.packages,
    table: readPluginTable(memory, found),
    layout: found.layout,
  };
  return { ...common, hashes, directories, plugin };
}

/** A file with an interpreter is started, not opened as a plugin. */
function isProgram({ header, interpreter, dynamic }: ElfImage): boolean {
  return header.type === 'exec' || interpreter !== undefined || dynamic.flags1.includes('PIE');
}

function hasPackageHashes(image: ElfImage): boolean {
  return image.symbols.some(({ name }) => /^go[.:]link\.pkghashbytes\./.test(name));
}
