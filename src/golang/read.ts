import { ElfBytes } from '../elf/cursor.ts';
import type { FindSymbols } from '../elf/find.ts';
import { mayBeGo } from '../elf/go.ts';
import type { ElfImage } from '../elf/model.ts';
import { type GoBuildInfo, readBuildInfo } from './build-info.ts';
import { canBeRead, GoMemory } from './memory.ts';
import { type Moduledata, readModuledata } from './moduledata.ts';
import { findPackageHashes, type PackageHashes, readPackageHashes } from './package-hashes.ts';
import { type PluginTable, readPluginTable } from './plugin-table.ts';
import { type GoProducer, readProducer } from './producer.ts';
import { readSourceDirectories, readTrimmed } from './source-directories.ts';

/** What a Go binary says of itself, without running it. Raw text from the file. */
export interface GoReading {
  /** From the build information, else from the debug information; absent when neither is there. */
  readonly toolchain?: string;
  readonly build?: GoBuildInfo;
  readonly producer?: GoProducer;
  /** By import path, in hexadecimal; empty in a host that cannot load plugins. */
  readonly hashes: PackageHashes;
  /** Of a plugin whose own tables were understood. */
  readonly plugin?: GoPluginTables;
  /** Of a plugin whose own tables were not understood: what was looked at. */
  readonly tried?: string;
  /** Where the compiler found the sources. */
  readonly directories: ReadonlySet<string>;
  /** Whether the standard library was compiled with -trimpath; undefined where that was not found. */
  readonly trimmed?: boolean | undefined;
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
 * only the tables it needs; those that few ask for are read at their first use.
 * @param file the bytes that `image` was read from
 * @param find looks single symbols up, in a file that is read piece by piece
 */
export function readGo(file: Uint8Array | ElfBytes, image: ElfImage, find?: FindSymbols): GoReading | undefined {
  if (!mayBeGo(image)) return undefined;
  const { header } = image;
  // By shape: the class is another one in another bundle.
  const bytes = 'u32' in file ? file : new ElfBytes(file, header.endian === 'little', header.class === 64);
  const build = readBuildInfo(bytes, image);
  const producer = build === undefined ? readProducer(bytes, image) : undefined;
  const toolchain = build?.toolchain ?? producer?.toolchain;
  const common = {
    ...(toolchain === undefined ? {} : { toolchain }),
    ...(build === undefined ? {} : { build }),
    ...(producer === undefined ? {} : { producer }),
  };
  if (!canBeRead(image)) {
    const tried = `Tables of Go plugins are read on amd64 and arm64 only; this file is for ${header.machine}.`;
    return { ...common, hashes: new Map(), directories: new Set(), ...(isProgram(image) ? {} : { tried }) };
  }
  const memory = new GoMemory(bytes, image);
  const hashes = find === undefined ? readPackageHashes(memory, image) : findPackageHashes(memory, image, find);
  // Every Go program has the package runtime, so that the others need not be counted.
  const isPlugin = !isProgram(image) && (hashes.has('runtime') || hashes.size > 0);
  const { found, ...rest } = isPlugin ? readModuledata(memory, image, hashes) : {};
  const directories = once(() => readSourceDirectories(memory, image, found?.lineTable));
  const trimmed = once(() => ({ value: readTrimmed(memory, image, found?.lineTable) }));
  return {
    ...common,
    ...rest,
    hashes,
    get directories() {
      return directories();
    },
    get trimmed() {
      return trimmed().value;
    },
    ...(found === undefined ? {} : { plugin: pluginTables(memory, found) }),
  };
}

function pluginTables(memory: GoMemory, found: Moduledata): GoPluginTables {
  const table = once(() => readPluginTable(memory, found));
  return {
    path: found.pluginPath,
    packages: found.packages,
    get table() {
      return table();
    },
    layout: found.layout,
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A file with an interpreter is started, not opened as a plugin. */
function isProgram({ header, interpreter, dynamic }: ElfImage): boolean {
  return header.type === 'exec' || interpreter !== undefined || dynamic.flags1.includes('PIE');
}
