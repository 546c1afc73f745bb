import * as AT from '../../dwarf/at.ts';
import type { Die, DwarfFile } from '../../dwarf/file.ts';
import { NO_NAME, OTHER_NAME } from '../../dwarf/index-pass.ts';
import { NameFilter } from '../../dwarf/strings.ts';

/**
 * Entries of functions without code (declarations, and functions that were folded into others) that have one of these
 * names: their own linkage name, or their name where they have none. A file has many more of them than are wanted, so names are
 * compared by hash first.
 */
export function* unplacedFunctions(
  file: DwarfFile,
  wanted: { has(name: string): boolean; keys(): Iterable<string> },
): Generator<{ readonly die: Die; readonly name: string }> {
  const filter = new NameFilter(wanted.keys());
  if (filter.isEmpty) return;
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
    if (die === undefined) continue;
    const name = die.text(AT.linkage_name) ?? die.text(AT.MIPS_linkage_name) ?? die.text(AT.name);
    if (name !== undefined && wanted.has(name)) yield { die, name };
  }
}
