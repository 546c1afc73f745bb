import type { TypeGraph } from '../abi/model.ts';
import type { GoModule } from './build-info.ts';
import { type DescribedType, describedGraph } from './described-types.ts';
import type { PluginSymbol } from './plugin-table.ts';
import type { GoProducer } from './producer.ts';
import type { GoReading } from './read.ts';

/** What a comparison of two releases needs of a {@link GoReading}, as plain data that a snapshot can keep. */
export interface GoRecord {
  readonly toolchain?: string;
  readonly build?: RecordedBuild;
  readonly producer?: GoProducer;
  readonly hashes: readonly RecordedPackage[];
  readonly tried?: string;
  readonly directories: readonly string[];
  readonly trimmed?: boolean;
  /** Records of older programs: each type in words. The type graph of the snapshot has them now. */
  readonly types: readonly RecordedType[];
  readonly plugin?: RecordedPlugin;
}

export interface RecordedPackage {
  readonly path: string;
  readonly hash: string;
}

/** A module; `replace` is not replaced itself. */
export interface RecordedModule extends Omit<GoModule, 'replace'> {
  readonly replace?: Omit<GoModule, 'replace'>;
}

export interface RecordedBuild {
  readonly toolchain: string;
  readonly package?: string;
  readonly module?: RecordedModule;
  readonly modules: readonly RecordedModule[];
  readonly settings: readonly { readonly name: string; readonly value: string }[];
}

export interface RecordedPlugin {
  readonly path: string;
  readonly layout: string;
  readonly packages: readonly RecordedPackage[];
  readonly complete: boolean;
  readonly symbols: readonly RecordedSymbol[];
}

export interface RecordedType extends DescribedType {
  readonly leads: readonly string[];
}

export interface RecordedSymbol extends Omit<PluginSymbol, 'exactType'> {
  /** Records of older programs: places in the list of types. */
  readonly reached: readonly number[];
  readonly leads: readonly string[];
}

/** Takes out of a reading what a comparison needs. */
export function recordGo(go: GoReading): GoRecord {
  const { toolchain, build, producer, tried, trimmed, plugin } = go;
  const symbols = plugin?.table.symbols.map(({ name, kind, type, methods }) => ({
    name,
    kind,
    type,
    methods,
    reached: [],
    leads: [],
  }));
  return {
    ...(toolchain === undefined ? {} : { toolchain }),
    ...(build === undefined
      ? {}
      : { build: { ...build, settings: [...build.settings].map(([name, value]) => ({ name, value })) } }),
    ...(producer === undefined ? {} : { producer }),
    hashes: [...go.hashes].map(([path, hash]) => ({ path, hash })),
    ...(tried === undefined ? {} : { tried }),
    directories: [...go.directories],
    ...(trimmed === undefined ? {} : { trimmed }),
    types: [],
    ...(plugin === undefined || symbols === undefined
      ? {}
      : {
          plugin: {
            path: plugin.path,
            layout: plugin.layout,
            packages: plugin.packages,
            complete: plugin.table.complete,
            symbols,
          },
        }),
  };
}

/**
 * The reading that a record was made of, as far as comparisons look at it.
 * @param graph the types that the snapshot keeps beside it
 */
export function recordedGo(
  { types, hashes, directories, build, plugin, ...rest }: GoRecord,
  graph: TypeGraph,
): GoReading {
  return {
    ...rest,
    hashes: new Map(hashes.map(({ path, hash }) => [path, hash])),
    directories: new Set(directories),
    ...(build === undefined
      ? {}
      : { build: { ...build, settings: new Map(build.settings.map(({ name, value }) => [name, value])) } }),
    ...(plugin === undefined ? {} : { plugin: tablesOf(plugin, types, graph) }),
  };
}

function tablesOf(
  { path, layout, packages, complete, symbols }: RecordedPlugin,
  types: readonly RecordedType[],
  graph: TypeGraph,
): NonNullable<GoReading['plugin']> {
  if (graph.nominal === true) return { path, layout, packages, table: { complete, symbols, types: graph } };
  const described = describedGraph({ symbols, types, main: path });
  return { path, layout, packages, table: { complete, symbols, types: described, inWords: true } };
}

/** The reading of a release of which an older program kept no Go tables. */
export const NOT_RECORDED: GoReading = {
  hashes: new Map(),
  directories: new Set(),
  tried: 'The snapshot does not hold them; make it again with this version.',
};
