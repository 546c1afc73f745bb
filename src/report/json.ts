import type { GateReport } from '../gate/report.ts';

/** Keys in the order in which a person wants to read them; others follow by name. */
const ORDER: ReadonlyMap<string, number> = new Map(
  [
    [
      'schema',
      'tool',
      'name',
      'version',
      'verdict',
      'headline',
      'counts',
      'startedAt',
      'durationMs',
      'config',
      'source',
      'policy',
      'shard',
    ],
    ['repository', 'commit', 'ref', 'plugin', 'kind', 'target', 'step', 'status', 'compatibility', 'summary'],
    ['rule', 'severity', 'effect', 'blocks', 'message', 'subject', 'symbol', 'type', 'old', 'new', 'location'],
    ['path', 'affected', 'fix', 'details', 'waiver', 'reason', 'owner', 'expires', 'fingerprint'],
    ['file', 'line', 'column', 'digest', 'size', 'artifact', 'baseline', 'steps', 'facts', 'evidence'],
    ['error', 'undecided', 'warning', 'note', 'waived', 'blocking', 'off'],
    ['asks', 'certain', 'claimed', 'previous', 'least', 'enough'],
    ['plugins', 'findings'],
  ]
    .flat()
    .map((key, index) => [key, index]),
);

/**
 * The report as JSON (`plugin-gate/report/v1`, schema/report.v1.json), two blanks deep, ending with a line feed. The
 * order of keys is the same in every run; the evidence of a step keeps the order in which the step gave it.
 */
export function renderJson(report: GateReport): string {
  return `${JSON.stringify(ordered(report), plainNumber, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  // fromEntries defines properties, so that a key such as __proto__ stays one.
  return Object.fromEntries(entries.map(([key, inner]) => [key, key === 'evidence' ? inner : ordered(inner)]));
}

function rank(key: string): number {
  return ORDER.get(key) ?? ORDER.size;
}

/** 64-bit values of ELF and DWARF readers: a number where it is exact, else text. */
function plainNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
