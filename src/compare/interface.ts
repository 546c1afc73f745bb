import { isLegacyRust, isRustName } from '../abi/demangle/rust.ts';
import type { ElfImage, ElfSymbol } from '../elf/model.ts';

/** SHN_ABS, gABI chapter 4: the value of the symbol is not an address in the file. */
const SHN_ABS = 0xfff1;

/**
 * Names that the linker or the compiler's start-up files define in every file. A consumer that relied on one would
 * reach its own. Sources: GNU ld's default scripts, lld's and gold's reserved symbols, glibc's and gcc's crt files.
 */
const TOOLCHAIN_NAMES = new Set([
  '_init',
  '_fini',
  '_start',
  '_IO_stdin_used',
  '_edata',
  'edata',
  '_end',
  'end',
  '_etext',
  'etext',
  '__etext',
  '__data_start',
  'data_start',
  '__bss_start',
  '__bss_start__',
  '__bss_end__',
  '_bss_end__',
  '__end__',
  '__dso_handle',
  '__TMC_END__',
  '__gmon_start__',
  '_GLOBAL_OFFSET_TABLE_',
  '_DYNAMIC',
  '_PROCEDURE_LINKAGE_TABLE_',
  '__GNU_EH_FRAME_HDR',
  '__exidx_start',
  '__exidx_end',
  '_gp',
  '_gp_disp',
  '__gnu_local_gp',
  '__global_pointer$',
  '_TOC_',
  '.TOC.',
]);
const TOOLCHAIN_PREFIX =
  /^(?:_ITM_|__start_|__stop_|__init_array_|__fini_array_|__preinit_array_|__emutls_|__aeabi_unwind_)/;

function isToolchainName(name: string): boolean {
  return !name.startsWith('_Z') && (TOOLCHAIN_NAMES.has(name) || TOOLCHAIN_PREFIX.test(name));
}

/**
 * What cmd/cgo and runtime/cgo put into every Go library: `_cgoexp_<hash>_Name` changes with each build, the rest
 * belongs to the Go runtime. Source: cmd/cgo/out.go, runtime/cgo/*.c. `fatalf` is a global of runtime/cgo/gcc_util.c.
 */
const CGO_NAME = /^(?:_cgoexp_|_cgo_|x_cgo_|x_crosscall|crosscall|threadentry$|fatalf$|_rt0_)/;

/** Whether the file was linked by the Go toolchain: c-shared libraries and plugins have its note, or its symbols. */
export function isGoFile(image: ElfImage): boolean {
  return (
    image.notes.others.some(({ name }) => name === 'Go') ||
    image.sections.some(({ name }) => name === '.go.buildinfo' || name === '.note.go.buildid') ||
    image.symbols.some(({ name }) => name === '_cgo_topofstack')
  );
}

/** Whether the file is a Go `-buildmode=plugin`: it exports the Go linker's tables. Source: cmd/link, runtime/plugin.go. */
export function isGoPlugin(image: ElfImage): boolean {
  let is = goPlugins.get(image);
  if (is === undefined) {
    is = image.symbols.some(({ name }) => name.startsWith('go:link.') || name.startsWith('go.link.'));
    goPlugins.set(image, is);
  }
  return is;
}

const goPlugins = new WeakMap<ElfImage, boolean>();

/**
 * Rust's own symbols: mangled names have a hash of the crate and its compiler, so that no other release offers them, and
 * Rust promises nothing about them. What is of C linkage has a name of its own. Source: rustc_symbol_mangling.
 */
function isRustOwn(name: string): boolean {
  // Names of C++, which may be tens of thousands, have one form of the two.
  if (name.startsWith('_Z')) return isLegacyRust(name);
  return isRustName(name) || /^(?:rust_metadata_|rust_eh_personality$|__rust_|__rustc_|__rdl_|__rg_)/.test(name);
}

/** What a file offers to others, by name; toolchain symbols and version nodes left out. */
export type Interface = ReadonlyMap<string, readonly ElfSymbol[]>;

/** Definitions of one name that are looked at; glibc has six of one at most, a hostile file as many as it likes. */
const MOST_VERSIONS = 256;

const interfaces = new WeakMap<ElfImage, Interface>();

/** The exported symbols that make up a file's interface. */
export function interfaceOf(image: ElfImage): Interface {
  let known = interfaces.get(image);
  if (known === undefined) {
    known = readInterface(image);
    interfaces.set(image, known);
  }
  return known;
}

function readInterface(image: ElfImage): Interface {
  const nodes = new Set(image.versions.defined.map(({ name }) => name));
  const go = isGoFile(image);
  const found = new Map<string, ElfSymbol[]>();
  for (const symbol of image.symbols) {
    const { name } = symbol;
    if (name === '' || isToolchainName(name)) continue;
    // GNU ld defines an absolute symbol named like each version node.
    if (symbol.section === SHN_ABS && nodes.has(name)) continue;
    if (go && CGO_NAME.test(name)) continue;
    if (isRustOwn(name)) continue;
    const same = found.get(name);
    if (same === undefined) found.set(name, [symbol]);
    else if (same.length < MOST_VERSIONS && !same.some(({ version }) => version === symbol.version)) same.push(symbol);
  }
  return found;
}

/** `name`, `name@@V` for a default version, `name@V` for another one. */
export function symbolLabel({ name, version, default: isDefault }: ElfSymbol): string {
  return version === undefined ? name : `${name}${isDefault ? '@@' : '@'}${version}`;
}

/** Found by dlsym and by the link editor, which ask for no version. */
export function answersPlainName(symbol: ElfSymbol): boolean {
  return symbol.version === undefined || symbol.default;
}

/**
 * A definition that consumers usually have a copy of: C++ inline functions, template instances, their vtables and
 * statics (Itanium C++ ABI, vague linkage). They are weak or unique; plain C functions marked weak are not meant.
 */
export function hasVagueLinkage({ name, binding }: ElfSymbol): boolean {
  return (binding === 'weak' || binding === 'unique') && name.startsWith('_Z');
}

/** Itanium mangling of names in namespace std, in those of the library's implementation, and of operators new and delete. */
const STANDARD_LIBRARY =
  /^_Z(?:T[VTIS]|GV|GR|Z)?(?:N[rVKRO]*)?(?:St|S[absiod]|9__gnu_cxx|10__cxxabiv1)|^_Z(?:n[wa]|d[la])/;

export function isStandardLibraryName(name: string): boolean {
  return STANDARD_LIBRARY.test(name);
}
