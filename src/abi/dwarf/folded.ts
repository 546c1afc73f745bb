import type { Die } from '../../dwarf/file.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import { chainOf, hasLinkageName, linkageNameOf } from './attributes.ts';
import type { Wish } from './unplaced.ts';

/**
 * C++ symbols at the address of another function: of functions with equal code compilers and linkers keep one, and the
 * entry at the address describes that one. The class or namespace still declares the other, under its linkage name.
 * Where it does not, the symbol stays without a type: that of another function would be wrong.
 */
export function wishForFolded(found: Map<ElfSymbol, Die>): Wish {
  const wrong = new Map<string, ElfSymbol[]>();
  for (const [symbol, die] of found) {
    if (!symbol.name.startsWith('_Z')) continue;
    const chain = chainOf(die);
    if (hasLinkageName(chain, symbol.name)) continue;
    const name = linkageNameOf(chain);
    if (name === undefined || !name.startsWith('_Z') || variant(name) === variant(symbol.name)) continue;
    const same = wrong.get(variant(symbol.name));
    if (same === undefined) wrong.set(variant(symbol.name), [symbol]);
    else same.push(symbol);
  }
  for (const symbols of wrong.values()) for (const symbol of symbols) found.delete(symbol);
  const names = new Map<string, readonly ElfSymbol[]>();
  for (const [name, symbols] of wrong) for (const spelt of variants(name)) names.set(spelt, symbols);
  return {
    names,
    take: (die, name) => {
      for (const symbol of names.get(name) ?? []) if (!found.has(symbol)) found.set(symbol, die);
    },
  };
}

/** The complete, base and other copies of a constructor or destructor have the same parameters. */
function variant(name: string): string {
  return name.replace(/C[1-5](?=[EI])/, 'C0').replace(/D[0-5](?=E)/, 'D0');
}

/** All names that {@link variant} makes into this one. */
function variants(name: string): readonly string[] {
  let names = [name];
  for (const [made, letter] of [
    [/C0(?=[EI])/, 'C'],
    [/D0(?=E)/, 'D'],
  ] as const) {
    if (made.test(name)) names = names.flatMap((one) => COPIES.map((copy) => one.replace(made, `${letter}${copy}`)));
  }
  return names;
}

const COPIES = [0, 1, 2, 3, 4, 5] as const;
