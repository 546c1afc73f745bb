import type { JudgedFinding } from '../gate/report.ts';
import type { Severity } from '../rules/finding.ts';

/** The same finding for several targets of one plugin, shown once. */
export interface FindingGroup {
  /** The first of them. */
  readonly finding: JudgedFinding;
  /** Targets it came up for, in the order of the report; empty for findings about the configuration. */
  readonly targets: readonly string[];
  /** How many findings of the report are in it. */
  readonly count: number;
}

/** What a section of a report holds. */
export type SectionKind = Severity | 'waived';

export interface Section {
  readonly kind: SectionKind;
  readonly title: string;
  /** Blocking first, else in the order of the report. */
  readonly groups: readonly FindingGroup[];
  /** Findings of the report in it; at least as many as groups. */
  readonly count: number;
}

const TITLES: Readonly<Record<SectionKind, string>> = {
  error: 'Errors',
  undecided: 'Undecided',
  warning: 'Warnings',
  note: 'Notes',
  waived: 'Waived',
};
const KINDS = ['error', 'undecided', 'warning', 'note', 'waived'] as const satisfies readonly SectionKind[];

/** The section that a finding is shown in. */
export function kindOf(finding: JudgedFinding): SectionKind {
  return finding.waiver === undefined ? finding.severity : 'waived';
}

/** The findings of a report by severity, worst first, waived ones last; empty sections are left out. */
export function sectionsOf(findings: readonly JudgedFinding[]): Section[] {
  return KINDS.flatMap((kind) => {
    const own = findings.filter((finding) => kindOf(finding) === kind);
    if (own.length === 0) return [];
    const groups = groupFindings(own);
    const ordered = [
      ...groups.filter(({ finding }) => finding.blocks),
      ...groups.filter(({ finding }) => !finding.blocks),
    ];
    return [{ kind, title: TITLES[kind], groups: ordered, count: own.length }];
  });
}

/** Puts together what differs in the target alone, so that a plugin built for four targets is not four times the noise. */
export function groupFindings(findings: readonly JudgedFinding[]): FindingGroup[] {
  const groups = new Map<string, { finding: JudgedFinding; targets: string[]; count: number }>();
  for (const finding of findings) {
    const { target, fingerprint: _, ...same } = finding;
    const key = JSON.stringify(same);
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, { finding, targets: target === undefined ? [] : [target], count: 1 });
    } else {
      known.count += 1;
      if (target !== undefined && !known.targets.includes(target)) known.targets.push(target);
    }
  }
  return [...groups.values()];
}

/** `greet · linux/amd64, linux/arm64`, raw; empty for findings about the configuration. */
export function whereOf({ finding, targets }: FindingGroup): string {
  return [finding.plugin, targets.join(', ')].filter((part) => part !== undefined && part !== '').join(' · ');
}

/** Whether the reader must be told, because the severity alone says otherwise. */
export function blockingNote(finding: JudgedFinding): string {
  if (finding.waiver !== undefined) return '';
  if (finding.severity === 'error') return finding.blocks ? '' : 'does not block';
  return finding.blocks ? 'blocks' : '';
}
