import type { GateReport, GateVerdict, JudgedFinding } from '../gate/report.ts';

function some(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

/** One sentence on why the gate passes or not. Its names come from the configuration, never from a plugin's file. */
export function headlineOf(
  verdict: GateVerdict,
  counts: GateReport['counts'],
  findings: readonly JudgedFinding[],
): string {
  const unknown = `${some(counts.undecided, 'question')} left open for want of evidence`;
  switch (verdict) {
    case 'fail': {
      const alsoOpen = findings.some(({ blocks, severity }) => blocks && severity === 'undecided');
      return `The release is blocked by ${some(counts.error, 'error')}${alsoOpen ? ` and ${unknown}` : ''}${whereOf(findings)}.`;
    }
    case 'undecided':
      return `The release is blocked by ${unknown}${whereOf(findings)}.`;
    case 'pass': {
      const rest = [
        counts.undecided > 0 ? unknown : '',
        counts.warning > 0 ? some(counts.warning, 'warning') : '',
        counts.note > 0 ? some(counts.note, 'note') : '',
        counts.waived > 0 ? some(counts.waived, 'accepted finding') : '',
      ].filter((part) => part !== '');
      return rest.length === 0 ? 'Nothing blocks the release.' : `Nothing blocks the release: ${rest.join(', ')}.`;
    }
  }
}

function whereOf(findings: readonly JudgedFinding[]): string {
  const blocked = findings.flatMap(({ blocks, plugin }) => (blocks && plugin !== undefined ? [plugin] : []));
  const names = [...new Set(blocked)];
  if (names.length === 0) return '';
  return names.length <= 3 ? ` in ${names.join(', ')}` : ` in ${names.length} plugins`;
}
