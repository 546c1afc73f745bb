/**
 * What the gate knows of an ELF file, as plain data. Sizes and addresses are bytes; 64-bit values are doubles that
 * were checked to be safe integers. Names are raw text from the file (latin1), untrusted.
 */

export interface ElfHeader {
  readonly class: 32 | 64;
  readonly endian: 'little' | 'big';
  /** Name as in the gABI registry without EM_, lower case with common spelling: `x86-64`, `aarch64`, `i386`, `arm`, `riscv`, `ppc64`, `s390x`, else `em-<n>`. */
  readonly machine: string;
  readonly machineCode: number;
  readonly type: 'none' | 'rel' | 'exec' | 'dyn' | 'core' | 'other';
  readonly osAbi: number;
  readonly abiVersion: number;
  readonly entry: number;
  readonly flags: number;
}

export interface Segment {
  /** Without PT_: `LOAD`, `DYNAMIC`, `GNU_STACK`, else `0x...`. */
  readonly type: string;
  readonly typeCode: number;
  readonly flags: { readonly read: boolean; readonly write: boolean; readonly execute: boolean };
  readonly offset: number;
  readonly vaddr: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

export interface Section {
  readonly name: string;
  readonly index: number;
  readonly typeCode: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entrySize: number;
}

export type SymbolBinding = 'local' | 'global' | 'weak' | 'unique' | 'other';
export type SymbolType = 'notype' | 'object' | 'func' | 'section' | 'file' | 'common' | 'tls' | 'ifunc' | 'other';
export type SymbolVisibility = 'default' | 'internal' | 'hidden' | 'protected';

/** An entry of the dynamic symbol table. */
export interface ElfSymbol {
  readonly name: string;
  /** Version node it is bound to; absent for unversioned (`VER_NDX_GLOBAL`, `VER_NDX_LOCAL`) symbols. */
  readonly version?: string;
  /** For definitions: true when a link without a version gets this one (`@@`), false for `@`. */
  readonly default: boolean;
  /** For undefined symbols: the library that the version need names. */
  readonly library?: string;
  readonly binding: SymbolBinding;
  readonly type: SymbolType;
  readonly visibility: SymbolVisibility;
  readonly size: number;
  readonly value: number;
  /** Raw st_shndx; SHN_ABS is 0xfff1. */
  readonly section: number;
}

export interface VersionDefinition {
  readonly name: string;
  readonly index: number;
  /** The node that names the file itself (VER_FLG_BASE). */
  readonly base: boolean;
  readonly weak: boolean;
  readonly parents: readonly string[];
}

export interface VersionNeed {
  readonly library: string;
  readonly versions: readonly { readonly name: string; readonly index: number; readonly weak: boolean }[];
}

export interface Dynamic {
  readonly soname?: string;
  readonly needed: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** DT_FLAGS by name without DF_: `SYMBOLIC`, `TEXTREL`, `BIND_NOW`, `STATIC_TLS`, `ORIGIN`. */
  readonly flags: readonly string[];
  /** DT_FLAGS_1 by name without DF_1_: `NOW`, `NODELETE`, `NOOPEN`, `INITFIRST`, `PIE`, ... */
  readonly flags1: readonly string[];
  readonly hasInit: boolean;
  readonly hasFini: boolean;
  /** Entries of DT_INIT_ARRAY and DT_FINI_ARRAY. */
  readonly initArray: number;
  readonly finiArray: number;
  readonly auxiliary: readonly string[];
  readonly filter: readonly string[];
  readonly audit?: string;
}

export interface Relocations {
  readonly total: number;
  readonly relative: number;
  /** Relocations that patch a segment that is not writable. */
  readonly text: number;
  readonly ifunc: number;
  readonly copy: number;
  readonly jumpSlot: number;
  /** TLS access models in use, as the relocations show them. */
  readonly tls: readonly ('general-dynamic' | 'local-dynamic' | 'initial-exec' | 'local-exec' | 'tlsdesc')[];
}

export interface Notes {
  readonly buildId?: string;
  /** GNU property bits by name: `IBT`, `SHSTK` (x86), `BTI`, `PAC`, `GCS` (aarch64). */
  readonly properties: readonly string[];
  /** From .note.ABI-tag: the oldest kernel the file asks for, `3.2.0`. */
  readonly minimumKernel?: string;
  readonly others: readonly { readonly name: string; readonly type: number }[];
}

export interface Hardening {
  readonly relro: 'none' | 'partial' | 'full';
  /** false: the stack is executable (PT_GNU_STACK with X, or absent where absence means executable). */
  readonly nxStack: boolean;
  /** Number of PT_LOAD segments both writable and executable. */
  readonly writableExecutable: number;
  readonly textRelocations: boolean;
  readonly stackProtector: boolean;
  /** How many `__*_chk` functions are used, and how many fortifiable ones are used unfortified. */
  readonly fortify: { readonly fortified: number; readonly unfortified: number };
  readonly cet: { readonly ibt: boolean; readonly shstk: boolean };
  readonly arm: { readonly bti: boolean; readonly pac: boolean };
  readonly rpath: boolean;
  readonly runpath: boolean;
}

/** The oldest system that can satisfy the file's version needs. */
export interface Floors {
  /** Highest version asked for, by family: `GLIBC`, `GLIBCXX`, `CXXABI`, `GCC`; for example `{ GLIBC: '2.34' }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Symbols that ask for the highest GLIBC version (at most 20, sorted). */
  readonly glibcSymbols: readonly string[];
  /** Oldest release that can load it by distribution, `{ debian: '12', ubuntu: '22.04', rhel: '9' }`; null: none known is new enough. */
  readonly oldest: Readonly<Record<'debian' | 'ubuntu' | 'rhel', string | null>>;
  /** Whether a musl system can load it, and if not, why. */
  readonly musl: { readonly loads: boolean | 'undecided'; readonly reasons: readonly string[] };
}

export interface DebugPresence {
  /** DWARF sections in the file itself. */
  readonly dwarf: boolean;
  readonly compressed: 'none' | 'zlib' | 'zstd' | 'zdebug';
  /** .symtab present. */
  readonly symtab: boolean;
  readonly debugLink?: { readonly file: string; readonly crc: number };
  readonly debugAltLink?: { readonly file: string; readonly buildId: string };
  /** The units point to .dwo files. */
  readonly split: boolean;
  /** .gnu_debugdata, .BTF, .ctf sections present. */
  readonly others: readonly string[];
}

/** Everything that was read from one file. */
export interface ElfImage {
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  /** Empty when section headers are stripped. */
  readonly sections: readonly Section[];
  readonly dynamic: Dynamic;
  readonly interpreter?: string;
  /** Defined dynamic symbols with global, weak or unique binding and default or protected visibility, in table order. */
  readonly symbols: readonly ElfSymbol[];
  /** Undefined dynamic symbols, in table order. */
  readonly undefined: readonly ElfSymbol[];
  readonly versions: { readonly defined: readonly VersionDefinition[]; readonly needed: readonly VersionNeed[] };
  readonly relocations: Relocations;
  readonly notes: Notes;
  readonly hardening: Hardening;
  readonly floors: Floors;
  readonly debug: DebugPresence;
  /** Bytes by kind, for charts: text (executable), data (writable), rodata, debug, other. */
  readonly sizes: {
    readonly file: number;
    readonly text: number;
    readonly rodata: number;
    readonly data: number;
    readonly bss: number;
    readonly debug: number;
  };
}

/** Something wrong with the file itself. Becomes a finding of the rule with the same id. */
export interface ElfProblem {
  readonly rule: 'elf/not-elf' | 'elf/truncated' | 'elf/malformed' | 'elf/unsupported';
  readonly message: string;
  /** Byte offset in the file where it shows. */
  readonly offset?: number;
}

/** A file that could not be read at all has no image; one with minor damage has both. */
export interface ElfReading {
  readonly image?: ElfImage;
  readonly problems: readonly ElfProblem[];
}
