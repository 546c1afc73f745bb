import { AT, TAG } from '../../dwarf/constants.ts';
import { Cursor } from '../../dwarf/cursor.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import { attributeOf, chainOf, flagOf, linkageNameOf, nameOf } from './attributes.ts';

const OP_ADDR = 0x03;
const OP_ADDRX = 0xa1;
const OP_GNU_ADDR_INDEX = 0xfb;

/**
 * Finds the entry that describes each symbol: by address, so that aliases and versioned names share one, else by
 * linkage name or, in C, by name.
 * @param symbols defined symbols with a value
 * @param byAddress whether symbol values can be compared with addresses in the debug information (not in object files)
 */
export function attachSymbols(
  files: readonly DwarfFile[],
  symbols: readonly ElfSymbol[],
  byAddress: boolean,
): ReadonlyMap<ElfSymbol, Die> {
  const found = new Map<ElfSymbol, Die>();
  const open = new Map<number, ElfSymbol[]>();
  const names = new Map<string, ElfSymbol[]>();
  for (const symbol of symbols) {
    push(open, symbol.value, symbol);
    push(names, symbol.name, symbol);
  }
  for (const file of files) {
    const index = file.index();
    for (let at = 0; at < index.count; at += 1) {
      const tag = index.tag[at] ?? 0;
      if ((tag !== TAG.subprogram && tag !== TAG.variable) || index.declaration[at] === 1) continue;
      const code = tag === TAG.subprogram;
      if (code && (index.lowPc[at] ?? 0) === 0 && (index.ranges[at] ?? 0) === 0) continue;
      if (!code && (index.location[at] ?? 0) === 0) continue;
      const plain = index.address[at] ?? Number.NaN;
      if (byAddress && code && !Number.isNaN(plain)) {
        // Most functions are not exported: one look-up, and nothing is decoded.
        const wanted = open.get(plain);
        if (wanted === undefined) continue;
        const die = dieAt(file, at);
        if (die !== undefined) take(found, wanted, die, code);
        continue;
      }
      const die = dieAt(file, at);
      if (die === undefined) continue;
      const address = byAddress
        ? code
          ? file.address(die.attributes.get(AT.low_pc), die.unit)
          : variableAddress(die)
        : undefined;
      const wanted = address === undefined ? byName(die, names) : (open.get(address) ?? []);
      take(found, wanted, die, code);
    }
  }
  return found;
}

function dieAt(file: DwarfFile, at: number): Die | undefined {
  const index = file.index();
  const unit = file.units[index.unit[at] ?? -1];
  return unit === undefined ? undefined : file.entryAt(unit, index.offset[at] ?? 0);
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
  return (linkageNameOf(chain) ?? nameOf(chain)) === name;
}

function byName(die: Die, names: ReadonlyMap<string, ElfSymbol[]>): readonly ElfSymbol[] {
  const chain = chainOf(die);
  if (!flagOf(chain, AT.external)) return [];
  const name = linkageNameOf(chain) ?? nameOf(chain);
  return name === undefined ? [] : (names.get(name) ?? []);
}

/** The address of a variable whose location is a single DW_OP_addr, possibly turned into a TLS offset. */
function variableAddress(die: Die): number | undefined {
  const location = attributeOf([die], AT.location)?.value;
  if (location?.kind !== 'block') return undefined;
  const cursor = new Cursor(location.value, die.file.sections.little);
  switch (cursor.u8()) {
    case OP_ADDR: {
      const address = cursor.address(die.unit.addressSize);
      return cursor.failed || !cursor.done ? undefined : address;
    }
    case OP_ADDRX:
    case OP_GNU_ADDR_INDEX: {
      const address = cursor.uleb();
      return cursor.failed || !cursor.done ? undefined : die.file.indexedAddress(address, die.unit);
    }
    default:
      return undefined;
  }
}

function push<Key>(map: Map<Key, ElfSymbol[]>, key: Key, symbol: ElfSymbol): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [symbol]);
  else list.push(symbol);
}
