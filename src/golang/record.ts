import type { GoModule } from './build-info.ts';
import type { PluginSymbol } from './plugin-table.ts';
import type { GoProducer } from './producer.ts';
import type { GoReading } from './read.ts';
import type { GoType } from './types.ts';

/** What a comparison of two releases needs of a {@link GoReading}, as plain data that a snapshot can keep. */
export interface GoRecord {
  readonly toolchain?: string;
  readonly build?: RecordedBuild;
  readonly producer?: GoProducer;
  readonly hashes: readonly RecordedPackage[];
  readonly tried?: string;
  readonly directories: readonly string[];
  readonly trimmed?: boolean;
  /** Each type once, however many symbols lead to it. */
  readonly types: readonly GoType[];
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

export interface RecordedSymbol extends Omit<PluginSymbol, 'reached'> {
  /** Places in the list of types. */
  readonly reached: readonly number[];
}

/** Takes out of a reading what a comparison needs. */
export function recordGo(go: GoReading): GoRecord {
  const { toolchain, build, producer, tried, trimmed, plugin } = go;
  const places = new Map<string, number>();
  const types: GoType[] = [];
  const placeOf = (type: GoType): number => {
    const key = JSON.stringify(type);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, types.length);
    return types.push(type) - 1;
  };
  const symbols = plugin?.table.symbols.map(({ reached, ...symbol }) => ({ ...symbol, reached: reached.map(placeOf) }));
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
    types,
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

/** The reading that a record was made of, as far as comparisons look at it. */
export function recordedGo({ types, hashes, directories, build, plugin, ...rest }: GoRecord): GoReading {
  return {
    ...rest,
    hashes: new Map(hashes.map(({ path, hash }) => [path, hash])),
    directories: new Set(directories),
    ...(build === undefined
      ? {}
      : { build: { ...build, settings: new Map(build.settings.map(({ name, value }) => [name, value])) } }),
    ...(plugin === undefined ? {} : { plugin: tablesOf(plugin, types) }),
  };
}

function tablesOf(
  { path, layout, packages, complete, symbols }: RecordedPlugin,
  types: readonly GoType[],
): NonNullable<GoReading['plugin']> {
  const table = {
    complete,
    symbols: symbols.map((symbol) => ({ ...symbol, reached: symbol.reached.flatMap((at) => types[at] ?? []) })),
  };
  return { path, layout, packages, table };
}

/** The reading of a release of which an older program kept no Go tables. */
export const NOT_RECORDED: GoReading = {
  hashes: new Map(),
  directories: new Set(),
  tried: 'The snapshot does not hold them; make it again with this version.',
};
