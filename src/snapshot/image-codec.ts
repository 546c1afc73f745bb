import type {
  DebugPresence,
  Dynamic,
  ElfHeader,
  ElfImage,
  ElfProblem,
  ElfSymbol,
  Floors,
  Hardening,
  Notes,
  Relocations,
  Section,
  Segment,
  VersionDefinition,
  VersionNeed,
} from '../elf/model.ts';
import {
  ascending,
  type Codec,
  choice,
  dictionary,
  flag,
  list,
  nullable,
  number,
  optional,
  record,
  text,
} from './codec.ts';

/** What was read from an ELF file, as a snapshot keeps it; see src/elf/model.ts for what the fields mean. */

const header = record<ElfHeader>({
  class: choice(32, 64),
  endian: choice('little', 'big'),
  machine: text,
  machineCode: number,
  type: choice('none', 'rel', 'exec', 'dyn', 'core', 'other'),
  osAbi: number,
  abiVersion: number,
  entry: number,
  flags: number,
});

const segment = record<Segment>({
  type: text,
  typeCode: number,
  flags: record<Segment['flags']>({ read: flag, write: flag, execute: flag }),
  offset: number,
  vaddr: number,
  fileSize: number,
  memorySize: number,
  align: number,
});

const section = record<Section>({
  name: text,
  index: number,
  typeCode: number,
  flags: number,
  address: number,
  offset: number,
  size: number,
  link: number,
  info: number,
  align: number,
  entrySize: number,
});

const symbol = record<ElfSymbol>({
  name: text,
  version: optional(text),
  default: flag,
  library: optional(text),
  binding: choice('local', 'global', 'weak', 'unique', 'other'),
  type: choice('notype', 'object', 'func', 'section', 'file', 'common', 'tls', 'ifunc', 'other'),
  visibility: choice('default', 'internal', 'hidden', 'protected'),
  size: number,
  value: ascending,
  section: number,
});

const defined = record<VersionDefinition>({
  name: text,
  index: number,
  base: flag,
  weak: flag,
  parents: list(text),
});

const needed = record<VersionNeed>({
  library: text,
  versions: list(record<VersionNeed['versions'][number]>({ name: text, index: number, weak: flag })),
});

const dynamic = record<Dynamic>({
  soname: optional(text),
  needed: list(text),
  rpath: optional(text),
  runpath: optional(text),
  flags: list(text),
  flags1: list(text),
  hasInit: flag,
  hasFini: flag,
  initArray: number,
  finiArray: number,
  auxiliary: list(text),
  filter: list(text),
  audit: optional(text),
});

const relocations = record<Relocations>({
  total: number,
  relative: number,
  text: number,
  ifunc: number,
  copy: number,
  jumpSlot: number,
  tls: list(choice('general-dynamic', 'local-dynamic', 'initial-exec', 'local-exec', 'tlsdesc')),
});

const notes = record<Notes>({
  buildId: optional(text),
  properties: list(text),
  minimumKernel: optional(text),
  others: list(record<Notes['others'][number]>({ name: text, type: number })),
});

const hardening = record<Hardening>({
  relro: choice('none', 'partial', 'full'),
  nxStack: flag,
  writableExecutable: number,
  textRelocations: flag,
  stackProtector: flag,
  fortify: record<Hardening['fortify']>({ fortified: number, unfortified: number }),
  cet: record<Hardening['cet']>({ ibt: flag, shstk: flag }),
  arm: record<Hardening['arm']>({ bti: flag, pac: flag }),
  rpath: flag,
  runpath: flag,
});

const floors = record<Floors>({
  versions: dictionary(text),
  glibcSymbols: list(text),
  oldest: record<Floors['oldest']>({ debian: nullable(text), ubuntu: nullable(text), rhel: nullable(text) }),
  musl: record<Floors['musl']>({ loads: choice<boolean | 'undecided'>(true, false, 'undecided'), reasons: list(text) }),
});

const debug = record<DebugPresence>({
  dwarf: flag,
  compressed: choice('none', 'zlib', 'zstd', 'zdebug'),
  symtab: flag,
  debugLink: optional(record<NonNullable<DebugPresence['debugLink']>>({ file: text, crc: number })),
  debugAltLink: optional(record<NonNullable<DebugPresence['debugAltLink']>>({ file: text, buildId: text })),
  split: flag,
  others: list(text),
});

export const imageCodec: Codec<ElfImage> = record<ElfImage>({
  header,
  segments: list(segment),
  sections: list(section),
  dynamic,
  interpreter: optional(text),
  symbols: list(symbol),
  undefined: list(symbol),
  versions: record<ElfImage['versions']>({ defined: list(defined), needed: list(needed) }),
  relocations,
  notes,
  hardening,
  floors,
  debug,
  sizes: record<ElfImage['sizes']>({
    file: number,
    text: number,
    rodata: number,
    data: number,
    bss: number,
    debug: number,
  }),
});

export const problemCodec: Codec<ElfProblem> = record<ElfProblem>({
  rule: choice('elf/not-elf', 'elf/truncated', 'elf/malformed', 'elf/unsupported'),
  message: text,
  offset: optional(number),
});
