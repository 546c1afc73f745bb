import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { repositorySegments } from '../report/links.ts';
import { isRuleId, ruleOf } from '../rules/catalogue.ts';
import { truncate, truncateBytes } from '../text/truncate.ts';
import { visibleLine, visibleLines } from '../text/visible.ts';

/** One annotation of a check run, as the API takes it. Source: GitHub's API description, `checks/create`. */
export interface CheckAnnotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  /** Only allowed when both lines are the same, which they are here. */
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: 'failure' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

/** Annotations in one request. */
export const BATCH = 50;
/** Annotations of one check run: a page with more is not read. The rest is counted. */
export const MOST_ANNOTATIONS = 200;
/** Bytes; the API takes 64 KB. */
const MESSAGE_LIMIT = 60_000;
/** Characters. */
const TITLE_LIMIT = 255;

function rank(finding: JudgedFinding): number {
  const severities = ['error', 'undecided', 'warning', 'note'];
  return (finding.blocks ? 0 : 10) + severities.indexOf(finding.severity);
}

function level(finding: JudgedFinding): CheckAnnotation['annotation_level'] {
  if (finding.blocks) return 'failure';
  switch (finding.severity) {
    case 'error':
    case 'undecided':
    case 'warning':
      return 'warning';
    case 'note':
      return 'notice';
  }
}

interface Place {
  readonly path: string;
  readonly line: number;
  readonly column?: number;
}

function counting(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

/** Where the annotation is shown. What blocks has to be seen: without a place in the repository, at the configuration. */
function placeOf({ location, blocks }: JudgedFinding, configFile: string): Place | undefined {
  const source = location && repositorySegments(location.file);
  if (location && source) {
    const line = counting(location.line) ? location.line : 1;
    return { path: source.join('/'), line, ...(counting(location.column) && { column: location.column }) };
  }
  const config = blocks ? repositorySegments(configFile) : undefined;
  return config && { path: config.join('/'), line: 1 };
}

function annotation(finding: JudgedFinding, configFile: string): CheckAnnotation | undefined {
  const place = placeOf(finding, configFile);
  if (place === undefined) return undefined;
  const { rule, message, fix, plugin, target } = finding;
  const where = [plugin, target].filter((part) => part !== undefined).join(', ');
  const title = `${isRuleId(rule) ? ruleOf(rule).title : rule}${where === '' ? '' : ` (${where})`}`;
  const lines = [message, ...(fix === undefined ? [] : [`Fix: ${fix}`]), `Rule: ${rule}`];
  return {
    path: place.path,
    start_line: place.line,
    end_line: place.line,
    ...(place.column !== undefined && { start_column: place.column, end_column: place.column }),
    annotation_level: level(finding),
    title: truncate(visibleLine(title), TITLE_LIMIT),
    message: truncateBytes(visibleLines(lines.join('\n')), MESSAGE_LIMIT),
  };
}

/** Annotations of a report, most severe first, and how many did not fit. Waived findings have none. */
export function checkAnnotations(report: GateReport): {
  readonly shown: readonly CheckAnnotation[];
  readonly more: number;
} {
  const all = report.findings
    .filter((finding) => finding.waiver === undefined)
    .sort((left, right) => rank(left) - rank(right))
    .map((finding) => annotation(finding, report.config.file))
    .filter((made) => made !== undefined);
  return { shown: all.slice(0, MOST_ANNOTATIONS), more: Math.max(0, all.length - MOST_ANNOTATIONS) };
}
