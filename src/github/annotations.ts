import { posix } from 'node:path';
import type { GateReport, JudgedFinding } from '../gate/report.ts';
import { ruleOf } from '../rules/catalogue.ts';
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

/**
 * A path as annotations need it, relative to the repository; undefined when it leads out of it, where GitHub could not
 * show anything.
 */
export function repositoryPath(file: string): string | undefined {
  if (file === '' || file.includes('\0') || file.includes('\\') || posix.isAbsolute(file)) return undefined;
  const path = posix.normalize(file);
  return path === '.' || path === '..' || path.startsWith('../') || path.endsWith('/') ? undefined : path;
}

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

function annotation(finding: JudgedFinding, configFile: string): CheckAnnotation | undefined {
  const { location } = finding;
  // What blocks has to be seen: without a place in the source it is shown at the gate's configuration.
  const path = location ? repositoryPath(location.file) : finding.blocks ? repositoryPath(configFile) : undefined;
  if (path === undefined) return undefined;
  const line = location && Number.isSafeInteger(location.line) && location.line > 0 ? location.line : 1;
  const column = location?.column;
  const where = [finding.plugin, finding.target].filter((part) => part !== undefined).join(', ');
  const title = visibleLine(`${ruleOf(finding.rule).title}${where === '' ? '' : ` (${where})`}`);
  const message = [finding.message, finding.fix && `Fix: ${finding.fix}`, `Rule: ${finding.rule}`]
    .filter(Boolean)
    .join('\n');
  return {
    path,
    start_line: line,
    end_line: line,
    ...(column !== undefined &&
      Number.isSafeInteger(column) &&
      column > 0 && { start_column: column, end_column: column }),
    annotation_level: level(finding),
    title: truncate(title, TITLE_LIMIT),
    message: truncateBytes(visibleLines(message), MESSAGE_LIMIT),
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
