import * as AT from '../../dwarf/at.ts';
import { Cursor } from '../../dwarf/cursor.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { PlacedIndex } from '../../dwarf/index-pass.ts';
import { entryAddresses } from '../../dwarf/ranges.ts';
import type { ElfHeader, ElfSymbol } from '../../elf/model.ts';
import { chainOf, flagOf, hasLinkageName, linkageNameOf, nameOf } from './attributes.ts';
import { wishForFolded } from './folded.ts';
import { findUnplaced, type Wish } from './unplaced.ts';

const OP_ADDR = 0x03;
const OP_ADDRX = 0xa1;
const OP_GNU_ADDR_INDEX = 0xfb;

/**
 * Finds the entry that describes each symbol: by address, so that aliases and versioned names share one, else by
 * linkage name or, in C, by name.
 * @param symbols defined symbols with a value
 * @param header of the file that the symbols are from
 * @param others what else is looked for among the functions without code
 */
export function attachSymbols(
  files: readonly DwarfFile[],
  symbols: readonly ElfSymbol[],
  header: ElfHeader,
  others: readonly Wish[] = [],
): ReadonlyMap<ElfSymbol, Die> {
  // In object files, addresses are relative to many sections.
  const byAddress = header.type !== 'rel';
  const found = new Map<ElfSymbol, Die>();
  const open = new Map<number, ElfSymbol[]>();
  for (const symbol of symbols) push(open, codeAddress(symbol, header), symbol);
  // Hardly ever asked for: most entries have an address.
  let names: Map<string, ElfSymbol[]> | undefined;
  const byName = (die: Die): readonly ElfSymbol[] => {
    if (names === undefined) {
      names = new Map();
      for (const symbol of symbols) push(names, symbol.name, symbol);
    }
    return symbolsNamed(die, names);
  };
  for (const file of files) {
    const { placed } = file.index();
    for (let at = 0; at < placed.count; at += 1) {
      const code = placed.code[at] === 1;
      const plain = placed.address[at] ?? Number.NaN;
      if (byAddress && code && !Number.isNaN(plain)) {
        // Most functions are not exported: one look-up, and nothing is decoded.
        const wanted = open.get(plain);
        if (wanted === undefined) continue;
        const die = dieAt(file, placed, at);
        if (die !== undefined) take(found, wanted, die, code);
        continue;
      }
      const die = dieAt(file, placed, at);
      if (die === undefined) continue;
      const addresses = byAddress ? (code ? entryAddresses(die) : variableAddress(die)) : [];
      if (addresses.length === 0) take(found, byName(die), die, code);
      for (const address of addresses) take(found, open.get(address) ?? [], die, code);
    }
  }
  const left = wishByName(symbols, found);
  findUnplaced(files, [left, wishForFolded(found), ...others]);
  return found;
}

/**
 * Functions whose entry has no address: of two equal functions gcc makes one a jump to the other, and describes it
 * without its place. Read only when symbols are left.
 */
function wishByName(symbols: readonly ElfSymbol[], found: Map<ElfSymbol, Die>): Wish {
  const left = new Map<string, ElfSymbol[]>();
  for (const symbol of symbols) {
    if (isCode(symbol) && !found.has(symbol)) push(left, symbol.name, symbol);
  }
  return {
    names: left,
    take: (die, name) => {
      // A declaration says the same as the entry that completes it.
      if (die.flag(AT.external)) take(found, left.get(name) ?? [], die, true);
    },
  };
}

function dieAt(file: DwarfFile, placed: PlacedIndex, at: number): Die | undefined {
  const unit = file.units[placed.unit[at] ?? -1];
  return unit === undefined ? undefined : file.entryAt(unit, placed.offset[at] ?? 0);
}

/** On 32-bit ARM, the lowest bit of a function's symbol says that it is Thumb code. */
function codeAddress(symbol: ElfSymbol, { machine }: ElfHeader): number {
  return machine === 'arm' && isCode(symbol) && symbol.value % 2 === 1 ? symbol.value - 1 : symbol.value;
}

function take(found: Map<ElfSymbol, Die>, symbols: readonly ElfSymbol[], die: Die, code: boolean): void {
  for (const symbol of symbols) {
    if (isCode(symbol) !== code) continue;
    const before = found.get(symbol);
    // Of two entries at one address (folded or aliased functions) the one with the symbol's own name is the right one.
    if (before === undefined || (!hasName(before, symbol.name) && hasName(die, symbol.name))) found.set(symbol, die);
  }
}

function isCode({ type }: ElfSymbol): boolean {
  return type === 'func' || type === 'ifunc';
}

function hasName(die: Die, name: string): boolean {
  const chain = chainOf(die);
  return hasLinkageName(chain, name) || (linkageNameOf(chain) ?? nameOf(chain)) === name;
}

function symbolsNamed(die: Die, names: ReadonlyMap<string, ElfSymbol[]>): readonly ElfSymbol[] {
  const chain = chainOf(die);
  if (!flagOf(chain, AT.external)) return [];
  const name = linkageNameOf(chain) ?? nameOf(chain);
  return name === undefined ? [] : (names.get(name) ?? []);
}

/** The address of a variable whose location is a single DW_OP_addr; others are found by name. */
function variableAddress(die: Die): readonly number[] {
  const location = die.get(AT.location);
  if (location?.kind !== 'block') return [];
  const cursor = new Cursor(location.value, die.file.sections.little);
  let address: number | undefined;
  switch (cursor.u8()) {
    case OP_ADDR:
      address = cursor.address(die.unit.addressSize);
      break;
    case OP_ADDRX:
    case OP_GNU_ADDR_INDEX:
      address = die.file.indexedAddress(cursor.uleb(), die.unit);
      break;
    default:
  }
  return address === undefined || cursor.failed || !cursor.done ? [] : [address];
}

function push<Key>(map: Map<Key, ElfSymbol[]>, key: Key, symbol: ElfSymbol): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [symbol]);
  else list.push(symbol);
}
