import type { GateReport } from '../gate/report.ts';
import { codeSpan } from '../text/markdown.ts';

/** What a run found, as far as the next one needs it to tell what changed. */
export interface RunMemory {
  /** First 12 hex digits of the commit. */
  readonly commit: string;
  /** First 8 hex digits of the fingerprints of open findings, notes apart. */
  readonly prints: readonly string[];
}

/** Findings that a comment remembers; with more, it does not tell what changed. */
const MOST = 200;
/** Rules that are named. */
const NAMED = 3;

const PART = '[0-9a-f]{12}=(?:[0-9a-f]{8}(?:\\.[0-9a-f]{8})*)?';
const LINE = new RegExp(`^<!-- plugin-gate-runs:(${PART})(?:;(${PART}))? -->$`);

function open(report: GateReport) {
  return report.findings.filter(({ waiver, severity }) => waiver === undefined && severity !== 'note');
}

/** What this run is remembered by; undefined when its commit is not known, or it found too much. */
export function runMemory(report: GateReport): RunMemory | undefined {
  const commit = report.source?.commit;
  const found = open(report);
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit) || found.length > MOST) return undefined;
  return { commit: commit.slice(0, 12), prints: found.map(({ fingerprint }) => fingerprint.slice(0, 8)) };
}

/** Last line of a comment: this run, and the one before it. */
export function runsLine(now: RunMemory, before: RunMemory | undefined): string {
  const part = ({ commit, prints }: RunMemory) => `${commit}=${prints.join('.')}`;
  return `<!-- plugin-gate-runs:${part(now)}${before === undefined ? '' : `;${part(before)}`} -->`;
}

/**
 * The run that this one is compared with, from the comment that is there: the last one, or the one before it when the last
 * was about the same commit.
 */
export function runBefore(body: string, now: RunMemory): RunMemory | undefined {
  const match = LINE.exec(body.trimEnd().split(/\r?\n/).at(-1) ?? '');
  const [last, earlier] = [match?.[1], match?.[2]].map((part): RunMemory | undefined => {
    if (part === undefined) return undefined;
    const [commit = '', prints = ''] = part.split('=');
    return { commit, prints: prints === '' ? [] : prints.split('.') };
  });
  return last?.commit === now.commit ? earlier : last;
}

/** What changed since an earlier run, one line of Markdown; undefined when nothing did. */
export function sinceLine(report: GateReport, before: RunMemory): string | undefined {
  const known = new Set(before.prints);
  const found = open(report);
  const added = found.filter(({ fingerprint }) => !known.has(fingerprint.slice(0, 8)));
  const now = new Set(found.map(({ fingerprint }) => fingerprint.slice(0, 8)));
  const gone = before.prints.filter((print) => !now.has(print)).length;
  if (added.length === 0 && gone === 0) return undefined;
  const rules = [...new Set(added.map(({ rule }) => rule))];
  const more = rules.length > NAMED ? ', …' : '';
  const parts = [
    ...(added.length === 0 ? [] : [`${added.length} new (${rules.slice(0, NAMED).map(codeSpan).join(', ')}${more})`]),
    ...(gone === 0 ? [] : [`${gone} gone`]),
    ...(found.length > added.length ? [`${found.length - added.length} as before`] : []),
  ];
  return `**Since ${before.commit}:** ${parts.join(', ')}.`;
}
