import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { isRuleId, ruleOf } from '../rules/catalogue.ts';
import { truncate } from '../text/truncate.ts';
import { plural } from '../text/units.ts';
import { visibleLine } from '../text/visible.ts';
import { escapeWorkflowData, escapeWorkflowProperty } from '../text/workflow.ts';
import { groupFindings, whereOf } from './group.ts';
import { repositorySegments } from './links.ts';

/** A note beside a line of a file (or beside none), raw text without invisible characters. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
  /** Relative to the repository. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface AnnotationOptions {
  /** GitHub shows 10 of each level for a step. */
  readonly perLevel?: number;
  /** And 50 for a job; what earlier steps of it have used is taken off by the caller. */
  readonly total?: number;
}

const MAX_TITLE = 200;
const MAX_MESSAGE = 1500;

/**
 * Workflow commands (`::error file=,line=,col=,title=::message`), one a line, most severe first, each ending with a
 * line feed; empty text when nothing is to be told. What does not fit is counted in the last one of its level.
 * Source: GitHub's "Workflow commands"; limits: 10 of a level for a step, 50 for a job.
 */
export function renderAnnotations(report: GateReport, options: AnnotationOptions = {}): string {
  const all = annotationsOf(report);
  const perLevel = options.perLevel ?? 10;
  const total = options.total ?? 50;
  const errors = capped(
    all.filter(({ level }) => level === 'error'),
    Math.min(perLevel, total),
  );
  const warnings = capped(
    all.filter(({ level }) => level === 'warning'),
    Math.min(perLevel, total - errors.length),
  );
  return [...errors, ...warnings].map((each) => `${commandOf(each)}\n`).join('');
}

/** Every annotation that the findings make, most severe first: waived findings and notes make none. */
export function annotationsOf(report: GateReport): Annotation[] {
  const shown = report.findings.filter(
    ({ waiver, severity, blocks }) => waiver === undefined && (blocks || severity !== 'note'),
  );
  const annotations = groupFindings(shown).map((group) => annotationOf(group.finding, whereOf(group)));
  return [
    ...annotations.filter(({ level }) => level === 'error'),
    ...annotations.filter(({ level }) => level === 'warning'),
  ];
}

function annotationOf(finding: JudgedFinding, where: string): Annotation {
  const fix = finding.fix ?? (isRuleId(finding.rule) ? ruleOf(finding.rule).fix : undefined);
  const title = `${finding.rule}${where === '' ? '' : ` (${where})`}`;
  const text = fix === undefined ? finding.message : `${finding.message} ${fix}`;
  return {
    level: finding.blocks || finding.severity === 'error' ? 'error' : 'warning',
    title: visibleLine(truncate(title, MAX_TITLE)),
    message: visibleLine(truncate(text, MAX_MESSAGE)),
    ...placeOf(finding),
  };
}

function placeOf({ location }: JudgedFinding): Pick<Annotation, 'file' | 'line' | 'column'> {
  const segments = location === undefined ? undefined : repositorySegments(location.file);
  if (location === undefined || segments === undefined) return {};
  const column = location.column === undefined ? {} : { column: location.column };
  return { file: segments.join('/'), line: location.line, ...column };
}

function capped(annotations: readonly Annotation[], limit: number): Annotation[] {
  if (annotations.length <= limit || limit < 1) return annotations.slice(0, Math.max(0, limit));
  const left = annotations.length - limit + 1;
  const level = annotations[0]?.level ?? 'warning';
  const message = `${plural(left, `more ${level}`)} of plugin-gate: see the job summary or the report.`;
  return [...annotations.slice(0, limit - 1), { level, title: 'plugin-gate', message }];
}

function commandOf({ level, file, line, column, title, message }: Annotation): string {
  const properties = Object.entries({ file, line, col: column, title }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapeWorkflowProperty(String(value))}`],
  );
  return `::${level} ${properties.join(',')}::${escapeWorkflowData(message)}`;
}
