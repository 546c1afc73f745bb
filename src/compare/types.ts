import type { Finding } from '../rules/finding.ts';
import { cappedNames, change, listNames, sortedNames, subjectOfSet } from './fold.ts';
import type { SymbolPair, TypeEvidence } from './model.ts';

/**
 * What stays open about the types of symbols that both files export. One finding, undecided, unless all were compared.
 * @param types absent: no types were compared at all
 */
export function openTypes(pairs: readonly SymbolPair[], types: TypeEvidence | undefined): Finding[] {
  const open = pairs.filter(({ old }) => types?.compared.has(old.name) !== true);
  const names = sortedNames(open.map(({ old }) => old.name));
  if (names.length === 0) return [];
  const missing = types?.missing ?? 'this comparison read symbols and versions only';
  const one = names.length === 1;
  const message = `The type${one ? '' : 's'} of ${names.length} symbol${one ? '' : 's'} that both files export (${listNames(names)}) ${one ? 'was' : 'were'} not compared: ${missing}.`;
  return [
    change('abi/types-not-compared', 'undecided', message, {
      subject: subjectOfSet(names),
      affected: cappedNames(names),
    }),
  ];
}
