import type { ElfBytes } from './cursor.ts';
import type { ElfSymbol, SymbolBinding, SymbolType, SymbolVisibility } from './model.ts';
import type { Problems } from './problems.ts';
import type { StringTable } from './strings.ts';
import { VER_NDX_GLOBAL, VERSYM_HIDDEN, type Versions } from './versions.ts';

const BINDINGS: Readonly<Record<number, SymbolBinding>> = { 0: 'local', 1: 'global', 2: 'weak', 10: 'unique' };
const TYPES: Readonly<Record<number, SymbolType>> = {
  0: 'notype',
  1: 'object',
  2: 'func',
  3: 'section',
  4: 'file',
  5: 'common',
  6: 'tls',
  10: 'ifunc',
};
const SHN_ABS = 0xfff1;
const VISIBILITIES: readonly SymbolVisibility[] = ['default', 'internal', 'hidden', 'protected'];

export interface Symbols {
  /** What others can bind to. */
  readonly defined: readonly ElfSymbol[];
  /** Place in the table of each defined symbol. */
  readonly indexes: readonly number[];
  readonly undefined: readonly ElfSymbol[];
}

/**
 * Reads the dynamic symbol table (gABI chapter 4) with the version of each symbol.
 * @param offset file offset of the table
 * @param count entries that lie inside the file, the null symbol 0 included
 */
export function readSymbols(
  bytes: ElfBytes,
  offset: number,
  count: number,
  strings: StringTable,
  versions: Versions,
  problems: Problems,
): Symbols {
  const { wide } = bytes;
  const size = wide ? 24 : 16;
  const infoAt = wide ? 4 : 12;
  const valueAt = wide ? 8 : 4;
  const sizeAt = wide ? 16 : 8;
  const defined: ElfSymbol[] = [];
  const indexes: number[] = [];
  const missing: ElfSymbol[] = [];
  if (versions.versym !== undefined && versions.versymCount < count) {
    problems.malformed('The table of symbol versions (DT_VERSYM) is shorter than the symbol table.', versions.versym);
  }
  for (let index = 1; index < count; index++) {
    const at = offset + index * size;
    const info = bytes.u8(at + infoAt);
    const section = bytes.u16(at + infoAt + 2);
    const binding = BINDINGS[info >>> 4] ?? 'other';
    const visibility = VISIBILITIES[bytes.u8(at + infoAt + 1) & 3] ?? 'default';
    const isUndefined = section === 0;
    const type = TYPES[info & 15] ?? 'other';
    const value = bytes.uword(at + valueAt);
    if (!isUndefined && !canBeFound({ binding, type, visibility, value, section })) continue;

    const versym =
      versions.versym === undefined || index >= versions.versymCount
        ? VER_NDX_GLOBAL
        : bytes.u16(versions.versym + 2 * index);
    const version = versionOf(versym & ~VERSYM_HIDDEN, isUndefined, versions, problems);
    const symbol: ElfSymbol = {
      name: strings.at(bytes.u32(at)),
      ...(version === undefined ? {} : { version: version.name }),
      default: !isUndefined && (versym & VERSYM_HIDDEN) === 0,
      ...(isUndefined && version?.library !== undefined ? { library: version.library } : {}),
      binding,
      type,
      visibility,
      size: bytes.uword(at + sizeAt),
      value,
      section,
    };
    if (isUndefined) missing.push(symbol);
    else {
      defined.push(symbol);
      indexes.push(index);
    }
    if (strings.exhausted) {
      problems.malformed('The symbols share names in a way that no linker writes; the rest was not read.', at);
      break;
    }
  }
  return { defined, indexes, undefined: missing };
}

/**
 * Whether the dynamic loader takes a definition for a name: glibc's check_match and do_lookup_x (elf/dl-lookup.c) pass
 * over all others, and so does musl.
 */
function canBeFound({
  binding,
  type,
  visibility,
  value,
  section,
}: Pick<ElfSymbol, 'binding' | 'type' | 'visibility' | 'value' | 'section'>): boolean {
  if (binding === 'local' || binding === 'other') return false;
  if (visibility === 'hidden' || visibility === 'internal') return false;
  if (type === 'section' || type === 'file' || type === 'other') return false;
  return value !== 0 || section === SHN_ABS || type === 'tls';
}

/**
 * The version that a versym index stands for. Undefined symbols are bound by DT_VERNEED; a definition usually by
 * DT_VERDEF, but by DT_VERNEED when a copy relocation moved it into this file.
 */
function versionOf(
  index: number,
  isUndefined: boolean,
  versions: Versions,
  problems: Problems,
): { readonly name: string; readonly library?: string } | undefined {
  if (index <= VER_NDX_GLOBAL) return undefined;
  const own = versions.definedByIndex.get(index);
  const foreign = versions.neededByIndex.get(index);
  if (isUndefined && foreign !== undefined) return foreign;
  if (own !== undefined) return { name: own };
  if (foreign !== undefined) return foreign;
  problems.malformed(`A symbol has version index ${index}, which no version table defines.`);
  return undefined;
}
