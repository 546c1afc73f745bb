import { TAG } from '../../dwarf/constants.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import type { ElfSymbol } from '../../elf/model.ts';
import { chainOf, linkageNameOf } from './attributes.ts';

/**
 * C++ symbols at the address of another function: of functions with equal code compilers and linkers keep one, and the
 * entry at the address describes that one. The class or namespace still declares the other, under its linkage name.
 * Where it does not, the symbol stays without a type: that of another function would be wrong.
 */
export function reattachFolded(files: readonly DwarfFile[], found: Map<ElfSymbol, Die>): void {
  const wrong = new Map<string, ElfSymbol[]>();
  for (const [symbol, die] of found) {
    if (!symbol.name.startsWith('_Z')) continue;
    const name = linkageNameOf(chainOf(die));
    if (name === undefined || !name.startsWith('_Z') || variant(name) === variant(symbol.name)) continue;
    const same = wrong.get(variant(symbol.name));
    if (same === undefined) wrong.set(variant(symbol.name), [symbol]);
    else same.push(symbol);
  }
  if (wrong.size === 0) return;
  for (const symbols of wrong.values()) for (const symbol of symbols) found.delete(symbol);
  for (const file of files) {
    for (const die of declarations(file)) {
      const name = linkageNameOf([die]);
      const symbols = name === undefined ? undefined : wrong.get(variant(name));
      for (const symbol of symbols ?? []) if (!found.has(symbol)) found.set(symbol, die);
    }
  }
}

/** The complete, base and other copies of a constructor or destructor have the same parameters. */
function variant(name: string): string {
  return name.replace(/C[1-5](?=[EI])/, 'C0').replace(/D[0-5](?=E)/, 'D0');
}

function* declarations(file: DwarfFile): Generator<Die> {
  for (const unit of file.units) {
    const root = file.root(unit);
    if (root !== undefined) yield* subprograms(file, root);
  }
  const { scopes } = file.index();
  for (let at = 0; at < scopes.count; at += 1) {
    if (!holdsFunctions(scopes.tag[at] ?? 0)) continue;
    const unit = file.units[scopes.unit[at] ?? -1];
    const die = unit === undefined ? undefined : file.entryAt(unit, scopes.offset[at] ?? 0);
    if (die !== undefined) yield* subprograms(file, die);
  }
}

function subprograms(file: DwarfFile, die: Die): readonly Die[] {
  return file.children(die).filter(({ tag }) => tag === TAG.subprogram);
}

function holdsFunctions(tag: number): boolean {
  return tag === TAG.namespace || tag === TAG.structure_type || tag === TAG.class_type || tag === TAG.union_type;
}
