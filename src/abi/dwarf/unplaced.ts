import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { NO_NAME, OTHER_NAME } from '../../dwarf/index-pass.ts';
import { NameFilter } from '../../dwarf/strings.ts';

/** Names of functions that somebody looks for among those without code. */
export interface Wish {
  readonly names: { has(name: string): boolean; keys(): Iterable<string> };
  /** Is told of each entry, in the order of the file. */
  readonly take: (die: Die, name: string) => void;
}

/**
 * Looks through the entries of functions without code (declarations, and functions that were folded into others), by their
 * linkage name, or their name where they have none. A file has many more of them than are wanted, so names are compared by hash
 * first, and the file is gone through once for all wishes.
 */
export function findUnplaced(files: readonly DwarfFile[], wishes: readonly Wish[]): void {
  const filter = new NameFilter(wishes.map(({ names }) => names.keys()));
  if (filter.isEmpty) return;
  for (const file of files) findIn(file, filter, wishes);
}

function findIn(file: DwarfFile, filter: NameFilter, wishes: readonly Wish[]): void {
  const { unplaced } = file.index();
  // Each unit declares the same functions again: 1 for offsets in .debug_str that are not wanted, 2 for those that may be.
  const met = new Uint8Array(file.sections.str.length);
  for (let at = 0; at < unplaced.count; at += 1) {
    const place = unplaced.name[at] ?? NO_NAME;
    if (place === NO_NAME) continue;
    if (place !== OTHER_NAME) {
      const known = met[place] ?? 1;
      if (known === 1) continue;
      if (known === 0) {
        met[place] = file.passes(filter, place) ? 2 : 1;
        if (met[place] === 1) continue;
      }
    }
    const unit = file.units[unplaced.unit[at] ?? -1];
    const die = unit === undefined ? undefined : file.entryAt(unit, unplaced.offset[at] ?? 0);
    if (die !== undefined) offer(die, wishes);
  }
}

function offer(die: Die, wishes: readonly Wish[]): void {
  const name = die.text(AT.linkage_name) ?? die.text(AT.MIPS_linkage_name) ?? die.text(AT.name);
  if (name === undefined) return;
  for (const { names, take } of wishes) if (names.has(name)) take(die, name);
}
