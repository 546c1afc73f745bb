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

/** Where the entries of a dynamic symbol table are, and what they refer to. */
export interface SymbolTable {
  readonly bytes: ElfBytes;
  /** File offset of the table. */
  readonly offset: number;
  /** Entries that lie inside the file, the null symbol 0 included. */
  readonly count: number;
  readonly strings: StringTable;
  readonly versions: Versions;
  readonly problems: Problems;
}

/** Reads the dynamic symbol table (gABI chapter 4) with the version of each symbol. */
export function readSymbols(table: SymbolTable): Symbols {
  const { count, strings, versions, problems } = table;
  const defined: ElfSymbol[] = [];
  const indexes: number[] = [];
  const missing: ElfSymbol[] = [];
  if (versions.versym !== undefined && versions.versymCount < count) {
    problems.malformed('The table of symbol versions (DT_VERSYM) is shorter than the symbol table.', versions.versym);
  }
  for (let index = 1; index < count; index++) {
    const symbol = readSymbol(table, index);
    if (symbol === undefined) continue;
    if (symbol.section === 0) missing.push(symbol);
    else {
      defined.push(symbol);
      indexes.push(index);
    }
    if (strings.exhausted) {
      problems.malformed('The symbols share names in a way that no linker writes; the rest was not read.');
      break;
    }
  }
  return { defined, indexes, undefined: missing };
}

/** Only the undefined symbols of a table, in its order: names of the others are not touched. */
export function readUndefined(table: SymbolTable): readonly ElfSymbol[] {
  const { bytes, offset, count, strings } = table;
  const size = bytes.wide ? 24 : 16;
  const sectionAt = offset + (bytes.wide ? 6 : 14);
  const found: ElfSymbol[] = [];
  for (let index = 1; index < count && !strings.exhausted; index++) {
    if (bytes.u16(sectionAt + index * size) !== 0) continue;
    const symbol = readSymbol(table, index);
    if (symbol !== undefined) found.push(symbol);
  }
  return found;
}

/**
 * One symbol; undefined for a definition that the dynamic loader passes over.
 * @param known its name, where that has been read already
 */
export function readSymbol(table: SymbolTable, index: number, known?: string): ElfSymbol | undefined {
  const { bytes, strings, versions, problems } = table;
  const { wide } = bytes;
  const at = table.offset + index * (wide ? 24 : 16);
  const infoAt = at + (wide ? 4 : 12);
  const info = bytes.u8(infoAt);
  const section = bytes.u16(infoAt + 2);
  const binding = BINDINGS[info >>> 4] ?? 'other';
  const visibility = VISIBILITIES[bytes.u8(infoAt + 1) & 3] ?? 'default';
  const isUndefined = section === 0;
  const type = TYPES[info & 15] ?? 'other';
  const value = bytes.uword(at + (wide ? 8 : 4));
  if (!isUndefined && !canBeFound(binding, type, visibility, value, section)) return undefined;

  const versym =
    versions.versym === undefined || index >= versions.versymCount
      ? VER_NDX_GLOBAL
      : bytes.u16(versions.versym + 2 * index);
  const name = known ?? strings.at(bytes.u32(at));
  const size = bytes.uword(at + (wide ? 16 : 8));
  const isDefault = !isUndefined && (versym & VERSYM_HIDDEN) === 0;
  const version = versionOf(versym & ~VERSYM_HIDDEN, isUndefined, versions, problems);
  // Written out: there are tens of thousands, and objects put together from parts take several times as long.
  if (version === undefined) return { name, default: isDefault, binding, type, visibility, size, value, section };
  if (typeof version === 'string')
    return { name, version, default: isDefault, binding, type, visibility, size, value, section };
  return {
    name,
    version: version.name,
    default: isDefault,
    ...(isUndefined ? { library: version.library } : {}),
    binding,
    type,
    visibility,
    size,
    value,
    section,
  };
}

/**
 * Whether the dynamic loader takes a definition for a name: glibc's check_match and do_lookup_x (elf/dl-lookup.c) pass
 * over all others, and so does musl.
 */
function canBeFound(
  binding: SymbolBinding,
  type: SymbolType,
  visibility: SymbolVisibility,
  value: number,
  section: number,
): boolean {
  if (binding === 'local' || binding === 'other') return false;
  if (visibility === 'hidden' || visibility === 'internal') return false;
  if (type === 'section' || type === 'file' || type === 'other') return false;
  return value !== 0 || section === SHN_ABS || type === 'tls';
}

/**
 * The version that a versym index stands for. Undefined symbols are bound by DT_VERNEED; a definition usually by
 * DT_VERDEF, but by DT_VERNEED when a copy relocation moved it into this file.
 * @returns the name, with the library where another one defines it
 */
function versionOf(
  index: number,
  isUndefined: boolean,
  versions: Versions,
  problems: Problems,
): string | { readonly name: string; readonly library: string } | undefined {
  if (index <= VER_NDX_GLOBAL) return undefined;
  const own = versions.definedByIndex.get(index);
  const foreign = versions.neededByIndex.get(index);
  if (isUndefined && foreign !== undefined) return foreign;
  if (own !== undefined) return own;
  if (foreign !== undefined) return foreign;
  problems.malformed(`A symbol has version index ${index}, which no version table defines.`);
  return undefined;
}
