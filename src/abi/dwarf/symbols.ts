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
  const lost: LostEntries[] = [];
  for (const file of files) {
    const { placed } = file.index();
    const nowhere: number[] = [];
    lost.push({ file, placed, nowhere });
    for (let at = 0; at < placed.count; at += 1) {
      const code = placed.code[at] === 1;
      const plain = placed.address[at] ?? Number.NaN;
      if (byAddress && code && !Number.isNaN(plain)) {
        // Most functions are not exported: one look-up, and nothing is decoded.
        const wanted = open.get(plain);
        if (wanted === undefined) {
          if (isNowhere(plain)) nowhere.push(at);
          continue;
        }
        const die = dieAt(file, placed, at);
        if (die !== undefined) take(found, wanted, die, code);
        continue;
      }
      const die = dieAt(file, placed, at);
      if (die === undefined) continue;
      const addresses = byAddress ? (code ? entryAddresses(die) : variableAddress(die)) : [];
      if (addresses.length === 0) take(found, byName(die), die, code);
      else if (code && addresses.some(isNowhere)) nowhere.push(at);
      for (const address of addresses) take(found, open.get(address) ?? [], die, code);
    }
  }
  const wishes = [wishByName(symbols, found), wishForFolded(found)];
  findLost(lost, wishes);
  findUnplaced(files, [...wishes, ...others]);
  return found;
}

/** Entries of functions whose code the linker left out, as positions. */
interface LostEntries {
  readonly file: DwarfFile;
  readonly placed: PlacedIndex;
  readonly nowhere: readonly number[];
}

/** What linkers put for the address of code that they left out, or that they folded into other code: 0, or the highest numbers. */
function isNowhere(address: number): boolean {
  return address === 0 || address >= 2 ** 64 - 2 ** 11 || address === 2 ** 32 - 1 || address === 2 ** 32 - 2;
}

/** Functions with code equal to another's, which the linker keeps once (identical code folding): they have entries of their own. */
function findLost(lost: readonly LostEntries[], wishes: readonly Wish[]): void {
  const open = wishes.filter(({ names }) => !names.keys()[Symbol.iterator]().next().done);
  if (open.length === 0) return;
  for (const { file, placed, nowhere } of lost) {
    for (const at of nowhere) {
      const die = dieAt(file, placed, at);
      const chain = die === undefined ? [] : chainOf(die);
      const name = linkageNameOf(chain) ?? nameOf(chain);
      if (die === undefined || name === undefined || !flagOf(chain, AT.external)) continue;
      for (const { names, take: offer } of open) if (names.has(name)) offer(die, name);
    }
  }
}

/**
 * Functions whose entry has no address: of two equal functions gcc makes one a jump to the other, and describes it
 * without its place; linkers fold them. Read only when symbols are left, or are at the address of a function of another name.
 */
function wishByName(symbols: readonly ElfSymbol[], found: Map<ElfSymbol, Die>): Wish {
  const left = new Map<string, ElfSymbol[]>();
  for (const symbol of symbols) {
    if (!isCode(symbol)) continue;
    const die = found.get(symbol);
    const folded = die !== undefined && !symbol.name.startsWith('_Z') && !hasName(die, symbol.name);
    if (die === undefined || folded) push(left, symbol.name, symbol);
  }
  return {
    names: left,
    take: (die, name) => {
      if (!flagOf(chainOf(die), AT.external)) return;
      // A declaration says the same as the entry that completes it; of an alias it may say more than what is true.
      const wanted = left.get(name) ?? [];
      take(found, die.flag(AT.declaration) ? wanted.filter((symbol) => !found.has(symbol)) : wanted, die, true);
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
  for (let at = 0; at < symbols.length; at += 1) {
    const symbol = symbols[at];
    if (symbol === undefined || isCode(symbol) !== code) continue;
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
export function variableAddress(die: Die): readonly number[] {
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
