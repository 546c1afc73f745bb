import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { exactly, matchesPattern } from '../rules/pattern.ts';
import { isAboutGate, mustBeNamed, type Waiver } from '../rules/waivers.ts';

/** Which findings of a report to accept. */
export interface Selection {
  /** Only of this rule. */
  readonly rule?: string;
  /** Only on this subject, symbol or type; `*` stands for any characters. */
  readonly subject?: string;
}

/** A waiver that is still to get its reason, owner and end. */
export type Candidate = Pick<Waiver, 'rule' | 'subject' | 'plugin' | 'target'>;

/**
 * The waivers that cover the selected findings, each by exact name and no wider than needed: for one plugin, and for one
 * target where the finding is not there on all of them. Without a selection, what blocks; with one, also warnings,
 * notes and findings whose waiver is to be renewed.
 */
export function candidatesFor(report: GateReport, selection: Selection): Candidate[] {
  const chosen = report.findings.filter((finding) => !isAboutGate(finding.rule) && isSelected(finding, selection));
  const groups = new Map<string, { readonly candidate: Candidate; readonly targets: Set<string | undefined> }>();
  for (const finding of chosen) {
    const candidate = candidateOf(finding);
    if (candidate === undefined) continue;
    const identity = JSON.stringify([candidate.rule, candidate.subject, candidate.plugin ?? null]);
    const group = groups.get(identity);
    if (group === undefined) groups.set(identity, { candidate, targets: new Set([finding.target]) });
    else group.targets.add(finding.target);
  }
  return [...groups.values()].flatMap(({ candidate, targets }) => {
    const all = report.plugins.filter(({ plugin }) => plugin === candidate.plugin).map(({ target }) => target);
    const everywhere = all.every((target) => targets.has(target)) || targets.has(undefined);
    return everywhere ? [candidate] : [...targets].map((target) => ({ ...candidate, target }));
  });
}

function isSelected(finding: JudgedFinding, { rule, subject }: Selection): boolean {
  if (rule === undefined && subject === undefined) return finding.blocks;
  if (rule !== undefined && finding.rule !== rule) return false;
  return subject === undefined || namesOf(finding).some((name) => name === subject || matchesPattern(subject, name));
}

function namesOf({ subject, symbol, type }: JudgedFinding): string[] {
  return [subject, symbol, type].filter((name) => name !== undefined).filter((name) => name !== '');
}

function candidateOf(finding: JudgedFinding): Candidate | undefined {
  const { rule, plugin } = finding;
  const [name] = namesOf(finding);
  if (name === undefined) return mustBeNamed(rule) ? undefined : { rule, subject: '*', plugin };
  return { rule, subject: exactly(name), plugin };
}
