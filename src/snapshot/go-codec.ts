import type {
  GoRecord,
  RecordedBuild,
  RecordedModule,
  RecordedPackage,
  RecordedPlugin,
  RecordedSymbol,
} from '../golang/record.ts';
import { type Codec, choice, flag, list, number, optional, record, reference, text } from './codec.ts';

/** What the Go toolchain left in a plugin, as a snapshot keeps it; see src/golang/record.ts for what the fields mean. */

const recordedPackage = record<RecordedPackage>({ path: text, hash: text });

const replacement = record<NonNullable<RecordedModule['replace']>>({ path: text, version: text, sum: optional(text) });

const recordedModule = record<RecordedModule>({
  path: text,
  version: text,
  sum: optional(text),
  replace: optional(replacement),
});

const build = record<RecordedBuild>({
  toolchain: text,
  package: optional(text),
  module: optional(recordedModule),
  modules: list(recordedModule),
  settings: list(record<RecordedBuild['settings'][number]>({ name: text, value: text })),
});

const symbol = record<RecordedSymbol>({
  name: text,
  kind: choice('func', 'var'),
  type: text,
  methods: list(text),
  reached: list(reference('go.types')),
  leads: list(text),
});

const plugin = record<RecordedPlugin>({
  path: text,
  layout: text,
  packages: list(recordedPackage),
  complete: flag,
  symbols: list(symbol),
});

export const goCodec: Codec<GoRecord> = record<GoRecord>({
  toolchain: optional(text),
  build: optional(build),
  producer: optional(record<NonNullable<GoRecord['producer']>>({ toolchain: text, flags: list(text) })),
  hashes: list(recordedPackage),
  tried: optional(text),
  directories: list(text),
  trimmed: optional(flag),
  types: list(
    record<GoRecord['types'][number]>({
      name: text,
      packagePath: optional(text),
      size: number,
      layout: list(text),
      leads: list(text),
    }),
  ),
  plugin: optional(plugin),
});
