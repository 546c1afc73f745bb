import type { GateReport } from '../gate/report.ts';
import { plural } from '../text/units.ts';

/** `2 errors · 1 undecided · 3 warnings`, and how many of all block; `no findings` when there are none. */
export function countsLine(counts: GateReport['counts'], separator = ' · '): string {
  const parts: string[] = [];
  if (counts.error > 0) parts.push(plural(counts.error, 'error'));
  if (counts.undecided > 0) parts.push(plural(counts.undecided, 'undecided', 'undecided'));
  if (counts.warning > 0) parts.push(plural(counts.warning, 'warning'));
  if (counts.note > 0) parts.push(plural(counts.note, 'note'));
  if (counts.waived > 0) parts.push(plural(counts.waived, 'waived', 'waived'));
  if (counts.blocking > 0) parts.push(plural(counts.blocking, 'blocks the release', 'block the release'));
  if (counts.off !== undefined && counts.off > 0) parts.push(plural(counts.off, 'switched off', 'switched off'));
  return parts.length === 0 ? 'no findings' : parts.join(separator);
}
