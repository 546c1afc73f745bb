import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { undescribedClasses } from '../cxx/undescribed.ts';
import type { MissingEvidence, OdrConflict, TypeGraph } from '../model.ts';

/** Symbols, types or problems that are named in a message. */
const MAX_NAMED = 5;

/**
 * What the comparison could not see although every symbol has a type, and names that began to stand for several types.
 * Symbols without a type and files without debug information are reported with the symbols themselves.
 */
export function evidenceFindings(old: TypeGraph, now: TypeGraph): readonly Finding[] {
  const sides: readonly (readonly [string, TypeGraph])[] = [
    ['OLD', old],
    ['NEW', now],
  ];
  const findings: Finding[] = [];
  for (const [side, graph] of sides) {
    const holes = graph.missing.filter(isHole);
    if (holes.length > 0) findings.push(holeFinding(side, holes));
  }
  const known = new Set(old.odr.map(({ name }) => name));
  const conflicts = now.odr.filter(({ name }) => !known.has(name));
  if (conflicts.length > 0) findings.push(odrFinding(conflicts));
  findings.push(...undescribedClasses(old, now));
  return findings;
}

/** Parts that are damaged, not understood or elsewhere: what was read may lack members or types. */
function isHole({ code }: MissingEvidence): boolean {
  switch (code) {
    case 'malformed':
    case 'unsupported':
    case 'limit':
    case 'alt-missing':
    case 'split-missing':
      return true;
    case 'no-debug-info':
    case 'symbol-without-type':
      return false;
  }
}

function holeFinding(side: string, holes: readonly MissingEvidence[]): Finding {
  const told = holes.slice(0, MAX_NAMED).map(({ message }) => message);
  const more = holes.length > MAX_NAMED ? ` And ${holes.length - MAX_NAMED} more.` : '';
  const message = `Parts of the debug information of ${side} could not be read: ${told.join(' ')}${more}`;
  const fix = [...new Set(holes.map((hole) => hole.fix))].slice(0, MAX_NAMED).join(' ');
  return finding('abi/evidence-missing', message, { effect: 'undecided', subject: side, fix });
}

function odrFinding(conflicts: readonly OdrConflict[]): Finding {
  const names = conflicts.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = conflicts.length > MAX_NAMED ? ` and ${conflicts.length - MAX_NAMED} more` : '';
  const message = `Source files of NEW disagree about what ${names.join(', ')}${more} ${conflicts.length === 1 ? 'is' : 'are'}.`;
  return finding('abi/odr-conflict', message, { effect: 'risky', subject: names[0] ?? '', type: names[0] ?? '' });
}

/** Why symbols have no type: one clause without a full stop, with what to do. */
export function missingText(old: TypeGraph, now: TypeGraph): string {
  const parts = [...sideText('OLD', old), ...sideText('NEW', now)];
  return parts.length > 0 ? parts.slice(0, 4).join('; ') : 'no debug information describes them';
}

function sideText(side: string, { missing }: TypeGraph): readonly string[] {
  return missing
    .filter((one) => one.code === 'no-debug-info' || one.code === 'symbol-without-type' || isHole(one))
    .map(({ message, fix }) => `${side}: ${message.replace(/\.$/, '')} (${fix.replace(/\.$/, '')})`);
}
