import { isRuleId, ruleOf } from '../rules/catalogue.ts';
import type { Finding, Severity } from '../rules/finding.ts';
import { wrapIndented } from '../text/columns.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal, escapeTerminalBlock } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { formatCount } from '../text/units.ts';
import { textWidth } from '../text/width.ts';

/** How findings are printed. */
export interface FindingTextOptions {
  readonly style: Style;
  /** Columns to wrap at; 100 unless given, 60 to 120 are kept to. */
  readonly width?: number;
  /** Findings of each severity that are shown before `... and N more`; all unless given. */
  readonly limit?: number;
}

/** Worst first: the order of every list of findings. */
export const SEVERITIES = ['error', 'undecided', 'warning', 'note'] as const satisfies readonly Severity[];

const MARKS: Readonly<Record<Severity, string>> = { error: '✗', undecided: '?', warning: '!', note: '·' };
const HEADINGS: Readonly<Record<Severity, string>> = {
  error: 'Errors',
  undecided: 'Undecided',
  warning: 'Warnings',
  note: 'Notes',
};
const MAX_PATH = 12;
const MAX_AFFECTED = 5;
const MAX_DETAIL_LINES = 40;
/** Code points of one field; mangled names reach thousands. */
const MAX_FIELD = 600;
const MAX_MESSAGE = 2000;

/** Paints text in the colour of a severity. */
export function paintSeverity(style: Style, severity: Severity): (text: string) => string {
  switch (severity) {
    case 'error':
      return style.red;
    case 'undecided':
      return style.magenta;
    case 'warning':
      return style.yellow;
    case 'note':
      return style.blue;
  }
}

/** One field, escaped and cut to a size that a person reads. */
function field(text: string): string {
  return escapeTerminal(truncate(text, MAX_FIELD));
}

/** `src/greet.c:12:3`, escaped. */
export function placeText(location: {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}): string {
  const column = location.column === undefined ? '' : `:${location.column}`;
  return `${field(location.file)}:${location.line}${column}`;
}

/**
 * Findings for a person, grouped by severity, worst first, each with its rule, place, old and new, path, affected
 * symbols and fix. Ends with a line feed; empty text for no findings. Used by every command that prints findings.
 * @param findings in any order; the order within a severity is kept
 * @param options the style, or the style with width and limit
 */
export function renderFindings(findings: readonly Finding[], options: Style | FindingTextOptions): string {
  const { style, width, limit }: FindingTextOptions = 'style' in options ? options : { style: options };
  const blocks: string[] = [];
  for (const severity of SEVERITIES) {
    const group = findings.filter((finding) => finding.severity === severity);
    if (group.length === 0) continue;
    const paint = paintSeverity(style, severity);
    blocks.push(`${style.bold(paint(HEADINGS[severity]))} ${style.dim(`(${formatCount(group.length)})`)}\n`);
    for (const finding of group.slice(0, limit)) blocks.push(renderFinding(finding, { style, width }));
    const more = group.length - Math.min(group.length, limit ?? group.length);
    if (more > 0) blocks.push(style.dim(`  … and ${formatCount(more)} more\n`));
  }
  return blocks.join('\n');
}

/** One finding as an indented block, ending with a line feed. `where` stands beside the rule (plugin and target), escaped. */
export function renderFinding(
  finding: Finding,
  { style, width, where = '' }: FindingTextOptions & { readonly where?: string },
): string {
  const columns = textWidth(width);
  const paint = paintSeverity(style, finding.severity);
  const lines: string[] = [];
  const head = `  ${paint(MARKS[finding.severity])} ${style.bold(escapeTerminal(finding.rule))}`;
  lines.push(where === '' ? head : `${head}  ${style.dim(where)}`);
  lines.push(wrapIndented(escapeTerminal(truncate(finding.message, MAX_MESSAGE)), columns, '    '));

  const row = (label: string, text: string) => {
    lines.push(wrapIndented(text, columns, ' '.repeat(14), `    ${style.dim(label.padEnd(10))}`));
  };
  if (finding.location !== undefined) row('at', style.cyan(placeText(finding.location)));
  if (finding.old !== undefined && finding.new !== undefined && fitsOneRow(finding.old, finding.new, columns)) {
    row('change', `${style.red(field(finding.old))} → ${style.green(field(finding.new))}`);
  } else {
    if (finding.old !== undefined) row('old', style.red(field(finding.old)));
    if (finding.new !== undefined) row('new', style.green(field(finding.new)));
  }
  if (finding.path !== undefined && finding.path.length > 0) row('path', pathText(finding.path));
  if (finding.affected !== undefined && finding.affected.length > 0) row('affects', affectedText(finding.affected));
  const fix = finding.fix ?? (isRuleId(finding.rule) ? ruleOf(finding.rule).fix : undefined);
  if (fix !== undefined && finding.severity !== 'note') row('fix', escapeTerminal(truncate(fix, MAX_MESSAGE)));
  if (finding.details !== undefined && finding.details.trim() !== '') {
    lines.push(...detailLines(finding.details).map((line) => `    ${style.dim('│')} ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function fitsOneRow(old: string, now: string, width: number): boolean {
  return old.length + now.length + 20 <= width && !/\n/.test(old + now);
}

/** The middle of a long path is left out: its ends, the exported symbol and the changed place, say most. */
function pathText(path: readonly string[]): string {
  const shown =
    path.length <= MAX_PATH ? path : [...path.slice(0, 6), `… ${path.length - MAX_PATH} more …`, ...path.slice(-6)];
  return shown.map(field).join(' › ');
}

function affectedText(affected: readonly string[]): string {
  const names = affected.slice(0, MAX_AFFECTED).map(field).join(', ');
  const more = affected.length - MAX_AFFECTED;
  return more > 0 ? `${names} and ${formatCount(more)} more` : names;
}

/** The last lines: the end of a build's output says what failed. */
function detailLines(details: string): string[] {
  const lines = escapeTerminalBlock(details)
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => truncate(line, MAX_FIELD));
  if (lines.length <= MAX_DETAIL_LINES) return lines;
  return [`… ${formatCount(lines.length - MAX_DETAIL_LINES)} lines before`, ...lines.slice(-MAX_DETAIL_LINES)];
}
