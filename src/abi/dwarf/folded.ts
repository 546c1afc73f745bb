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
  const wrong: ElfSymbol[] = [];
  found.forEach((die, symbol) => {
    if (!symbol.name.startsWith('_Z')) return;
    const chain = chainOf(die);
    if (hasLinkageName(chain, symbol.name)) return;
    const name = linkageNameOf(chain);
    if (name?.startsWith('_Z') === true && !isCopy(name, symbol.name)) wrong.push(symbol);
  });
  const names = new Map<string, ElfSymbol[]>();
  for (const symbol of wrong) {
    found.delete(symbol);
    for (const spelt of copies(symbol.name)) {
      const same = names.get(spelt);
      if (same === undefined) names.set(spelt, [symbol]);
      else same.push(symbol);
    }
  }
  return {
    names,
    take: (die, name) => {
      for (const symbol of names.get(name) ?? []) if (!found.has(symbol)) found.set(symbol, die);
    },
  };
}

/** Names in which copies of constructors are looked for, and places in one of them: what they come to is kept in memory. */
const MAX_NAME = 4096;
const MAX_PLACES = 4;

/**
 * The digit that tells which copy of a constructor or destructor a name is of. `C1E` can stand in other parts of a name,
 * too (`N3RPC2IdE`), so that there can be several places, of which one is the right one.
 */
const COPY = /(?<=[CD])[0-5](?=[EI])/g;

/** Whether two names are of one constructor or destructor: its complete, base and other copies have the same parameters. */
function isCopy(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(at - 1, 0);
  const isPlace = (name: string): boolean => /^[CD][0-5][EI]/.test(name.slice(from, at + 2));
  return at === one.length || (isPlace(one) && isPlace(other) && one.slice(at + 1) === other.slice(at + 1));
}

/** A name and those of the other copies of the constructor or destructor that it may be. */
export function copies(name: string): readonly string[] {
  if (name.length > MAX_NAME) return [name];
  const places = [...name.matchAll(COPY)].map(({ index }) => index).slice(-MAX_PLACES);
  const others = places.flatMap((at) =>
    [...'012345']
      .filter((digit) => digit !== name[at])
      .map((digit) => `${name.slice(0, at)}${digit}${name.slice(at + 1)}`),
  );
  return [name, ...others];
}
