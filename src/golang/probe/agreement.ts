import { listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { compareInterfaces } from '../compare-interfaces.ts';
import type { GoReading } from '../read.ts';
import type { GoProbeEvidence } from './model.ts';
import { reflectedGraph } from './reflected.ts';

/**
 * Holds what was read from the file against what reflection told in the running plugin. A layout of Go's tables that looks
 * like a known one and is not would otherwise be compared as if it were right. What reflection left out says nothing.
 */
export function disagreements(
  evidence: Pick<GoProbeEvidence, 'result' | 'symbols' | 'types'>,
  { plugin }: Pick<GoReading, 'plugin'>,
): readonly Finding[] {
  if (evidence.result !== 'opened' || plugin?.table.complete !== true) return [];
  const { table, path } = plugin;
  const reflected = { ...table, types: reflectedGraph(evidence, path), inWords: true };
  const found = compareInterfaces(table, reflected, {}).filter(({ effect }) => effect === 'breaking');
  if (found.length === 0) return [];
  const names = found.flatMap(({ subject }) => subject ?? []);
  const message = `What was read from the tables of the plugin is not what reflection tells in the running plugin: ${listNames(names, 3)} ${names.length === 1 ? 'differs' : 'differ'}. What was said of its types may be wrong.`;
  return [finding('go/not-read', message, { subject: 'types', details: found[0]?.message ?? '' })];
}
