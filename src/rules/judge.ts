import type { GateReport, GateVerdict, JudgedFinding, StepStatus } from '../gate/report.ts';
import { type PlacedFinding, STEPS } from './finding.ts';
import { fingerprints } from './fingerprint.ts';
import { headlineOf } from './headline.ts';
import { blocksUnder, type Policy, severityUnder } from './policy.ts';
import { openWaivers } from './waiver-use.ts';
import type { Waiver } from './waivers.ts';

/** The findings after policy and waivers, and what they come to. */
export interface Judgement {
  /** Worst first: errors, blocking undecided, other undecided, warnings, notes, waived. */
  readonly findings: readonly JudgedFinding[];
  readonly verdict: GateVerdict;
  /** One sentence: why it passes or does not. */
  readonly headline: string;
  readonly counts: GateReport['counts'];
}

type Fate = Pick<JudgedFinding, 'severity' | 'blocks' | 'waiver'>;

/**
 * Judges findings by a policy. Pure: the same input gives the same output on every machine.
 * @param findings of all plugins and targets of the run, in any order
 * @param waivers findings that were accepted; expired ones no longer cover anything
 * @param today `YYYY-MM-DD`, UTC
 * @param only plugins that this run looked at, when these are not all: waivers of others are not called unused
 */
export function judge(
  findings: readonly PlacedFinding[],
  policy: Policy,
  waivers: readonly Waiver[],
  today: string,
  only?: readonly string[],
): Judgement {
  const book = openWaivers(waivers, today);
  const judged: [PlacedFinding, Fate][] = [];
  let off = 0;
  for (const one of findings) {
    const severity = severityUnder(policy, one);
    const waiver = book.take(one, severity !== 'off');
    if (severity === 'off') off++;
    else judged.push([one, fateOf(policy, severity, waiver)]);
  }
  const unfinished = unfinishedPlugins(findings);
  const sawAllOf = (plugin: string | undefined): boolean => {
    if (plugin === undefined) return only === undefined && unfinished.size === 0;
    return (only === undefined || only.includes(plugin)) && !unfinished.has(plugin);
  };
  for (const one of book.close(sawAllOf)) {
    const severity = severityUnder(policy, one);
    if (severity === 'off') off++;
    else judged.push([one, fateOf(policy, severity, undefined)]);
  }

  // Numbered before the ranking, so that a waiver on one of two equal findings does not exchange their fingerprints.
  judged.sort(([a], [b]) => compareFindings(a, b));
  const prints = fingerprints(judged.map(([one]) => one));
  const result = judged
    .map(([one, fate], i): JudgedFinding => ({ ...one, ...fate, fingerprint: prints[i] ?? '' }))
    .sort((a, b) => rankOf(a) - rankOf(b));
  return { findings: result, ...totalsOf(result, off) };
}

/** What judged findings come to. @param off how many findings the policy left out */
export function totalsOf(findings: readonly JudgedFinding[], off: number): Omit<Judgement, 'findings'> {
  const counts = { ...countsOf(findings), off };
  const verdict = verdictOf(findings);
  return { verdict, headline: headlineOf(verdict, counts, findings), counts };
}

/** The verdict that findings come to once judged. */
export function verdictOf(findings: readonly JudgedFinding[]): GateVerdict {
  const blocking = findings.filter(({ blocks }) => blocks);
  if (blocking.length === 0) return 'pass';
  return blocking.some(({ severity }) => severity === 'error') ? 'fail' : 'undecided';
}

/** The status of a step, or of a plugin, from its judged findings. A step that did not run is the caller's to tell. */
export function statusOf(findings: readonly JudgedFinding[]): Exclude<StepStatus, 'skipped'> {
  const open = findings.filter(({ waiver }) => waiver === undefined);
  if (open.some(({ severity }) => severity === 'error')) return 'fail';
  if (open.some(({ severity }) => severity === 'undecided')) return 'undecided';
  return open.some(({ severity }) => severity === 'warning') ? 'warn' : 'pass';
}

function fateOf(policy: Policy, severity: JudgedFinding['severity'], waiver: Waiver | undefined): Fate {
  if (waiver === undefined) return { severity, blocks: blocksUnder(policy, severity) };
  const { reason, owner, expires } = waiver;
  return { severity, blocks: false, waiver: { reason, owner, expires } };
}

/** Plugins whose build or file failed: their later steps did not run. */
function unfinishedPlugins(findings: readonly PlacedFinding[]): ReadonlySet<string | undefined> {
  const failed = findings.filter(
    ({ step, severity }) => (step === 'build' || step === 'read') && (severity === 'error' || severity === 'undecided'),
  );
  return new Set(failed.map(({ plugin }) => plugin));
}

function rankOf({ severity, blocks, waiver }: Fate): number {
  if (waiver !== undefined) return 5;
  switch (severity) {
    case 'error':
      return 0;
    case 'undecided':
      return blocks ? 1 : 2;
    case 'warning':
      return 3;
    case 'note':
      return 4;
  }
}

/** By code units, so that the order does not depend on the machine's language. */
function compareText(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareFindings(a: PlacedFinding, b: PlacedFinding): number {
  const stepOf = ({ step }: PlacedFinding) => (step === undefined ? -1 : STEPS.indexOf(step));
  return (
    compareText(a.plugin, b.plugin) ||
    compareText(a.target, b.target) ||
    stepOf(a) - stepOf(b) ||
    compareText(a.rule, b.rule) ||
    compareText(a.subject, b.subject) ||
    compareText(a.symbol, b.symbol) ||
    compareText(a.type, b.type) ||
    compareText(a.old, b.old) ||
    compareText(a.new, b.new) ||
    compareText(a.path?.join('\n'), b.path?.join('\n')) ||
    compareText(a.message, b.message)
  );
}

function countsOf(findings: readonly JudgedFinding[]): Omit<GateReport['counts'], 'off'> {
  const counts = { error: 0, warning: 0, note: 0, undecided: 0, waived: 0, blocking: 0 };
  for (const { severity, blocks, waiver } of findings) {
    if (waiver !== undefined) counts.waived++;
    else counts[severity]++;
    if (blocks) counts.blocking++;
  }
  return counts;
}
