import type { GateReport, GateVerdict, PluginResult, StepStatus } from '../gate/report.ts';
import { STEPS, type Step } from '../rules/finding.ts';
import { columns, padColumns, wrapIndented } from '../text/columns.ts';
import { type Style, styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { formatCount, formatDuration } from '../text/units.ts';
import { textWidth } from '../text/width.ts';
import { countsLine } from './counts.ts';
import { paintSeverity, renderFinding } from './finding-text.ts';
import { blockingNote, type FindingGroup, type Section, sectionsOf, whereOf } from './group.ts';
import { reuseLines, reuseSummary } from './reuse.ts';
import { signedVerdicts } from './signed-text.ts';
import { versionLines } from './version-line.ts';

export interface TextOptions {
  /** Whether escape sequences may be written. */
  readonly colour?: boolean;
  /** Columns of the terminal; 60 to 120 are kept to, 100 unless given. */
  readonly width?: number;
  /** Findings of each severity that are shown in full, 50 unless given. */
  readonly limit?: number;
  /** Files that the report was written to, shown at the end. */
  readonly written?: readonly string[];
}

/** Above this many plugins times targets, the slowest steps are listed in place of all of them. */
const MAX_TIMED_PLUGINS = 8;
const SLOWEST = 20;
const MAX_PLUGIN_ROWS = 200;

export const STATUS_MARKS: Readonly<Record<StepStatus, string>> = {
  pass: '✓',
  warn: '!',
  fail: '✗',
  undecided: '?',
  skipped: '–',
};

/**
 * The report for a person at a terminal: verdict, why, findings worst first, plugins and steps, times. Ends with a line
 * feed. When it is printed to the log of a job, pass it through escapeLog().
 */
export function renderText(report: GateReport, options: TextOptions = {}): string {
  const style = styleFor(options.colour ?? false);
  const width = textWidth(options.width);
  const blocks = [
    verdictBlock(report, style, width),
    ...sectionsOf(report.findings).map((section) => sectionBlock(section, style, width, options.limit ?? 50)),
    pluginTable(report.plugins, style),
    versions(report.plugins, width),
    timings(report.plugins, style, width),
    reuse(report, style, width),
    signedVerdicts(report.plugins, style),
    ending(report, options.written ?? [], style),
  ];
  return `\n${blocks.filter((block) => block !== '').join('\n')}`;
}

function paintVerdict(style: Style, verdict: GateVerdict): string {
  switch (verdict) {
    case 'pass':
      return style.bold(style.green('✓ PASS'));
    case 'fail':
      return style.bold(style.red('✗ FAIL'));
    case 'undecided':
      return style.bold(style.magenta('? UNDECIDED'));
  }
}

function paintStatus(style: Style, status: StepStatus): (text: string) => string {
  switch (status) {
    case 'pass':
      return style.green;
    case 'warn':
      return style.yellow;
    case 'fail':
      return style.red;
    case 'undecided':
      return style.magenta;
    case 'skipped':
      return style.dim;
  }
}

function verdictBlock(report: GateReport, style: Style, width: number): string {
  const lines = [
    `  ${paintVerdict(style, report.verdict)}`,
    wrapIndented(escapeTerminal(truncate(report.headline, 1000)), width, '  '),
    wrapIndented(style.dim(countsLine(report.counts)), width, '  '),
  ];
  return `${lines.join('\n')}\n`;
}

function sectionBlock(section: Section, style: Style, width: number, limit: number): string {
  const { kind, title, groups, count } = section;
  const paint = kind === 'waived' ? style.dim : paintSeverity(style, kind);
  const shown = groups.slice(0, limit);
  const parts = shown.map((group) =>
    kind === 'waived'
      ? waivedLine(group, style, width)
      : renderFinding(group.finding, { style, width, where: whereText(group) }),
  );
  const left = count - shown.reduce((sum, group) => sum + group.count, 0);
  if (left > 0) parts.push(style.dim(`  … and ${formatCount(left)} more, all of them in the JSON and HTML reports\n`));
  const head = `${style.bold(paint(title))} ${style.dim(`(${formatCount(count)})`)}\n`;
  return `${head}\n${parts.join(kind === 'waived' ? '' : '\n')}`;
}

function whereText(group: FindingGroup): string {
  return [escapeTerminal(truncate(whereOf(group), 160)), blockingNote(group.finding)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Waived findings take two lines each: what was accepted, and by whom until when. */
function waivedLine(group: FindingGroup, style: Style, width: number): string {
  const { rule, message, waiver } = group.finding;
  const where = escapeTerminal(truncate(whereOf(group), 160));
  const head = wrapIndented(
    `${escapeTerminal(rule)}  ${where}  ${escapeTerminal(truncate(message, 600))}`,
    width,
    '    ',
    '  ~ ',
  );
  if (waiver === undefined) return `${head}\n`;
  const terms = `accepted by ${waiver.owner} until ${waiver.expires}: ${waiver.reason}`;
  return `${head}\n${style.dim(wrapIndented(escapeTerminal(truncate(terms, 600)), width, '    '))}\n`;
}

/** A name of the configuration, short enough for a column. */
function name(text: string): string {
  return escapeTerminal(truncate(text, 40));
}

function pluginTable(plugins: readonly PluginResult[], style: Style): string {
  if (plugins.length === 0) return '';
  const shown = plugins.slice(0, MAX_PLUGIN_ROWS);
  const names = shown.map(({ plugin }) => name(plugin));
  const targets = shown.map(({ target }) => name(target));
  const nameWidth = Math.max(6, ...names.map(columns));
  const targetWidth = Math.max(6, ...targets.map(columns));
  const header = `  ${padColumns('plugin', nameWidth)}  ${padColumns('target', targetWidth)}  ${STEPS.join('  ')}  compared`;
  const rows = shown.map((result, index) => {
    const marks = STEPS.map((step) => centred(stepMark(result, step, style), step.length));
    const cells = [padColumns(names[index] ?? '', nameWidth), padColumns(targets[index] ?? '', targetWidth), ...marks];
    return `  ${cells.join('  ')}  ${result.compatibility ?? style.dim('–')}`;
  });
  if (plugins.length > shown.length) rows.push(style.dim(`  … and ${formatCount(plugins.length - shown.length)} more`));
  const legend = style.dim('  ✓ pass  ! warning  ✗ fail  ? undecided  – skipped');
  return `${[style.bold('Plugins'), '', style.dim(header), ...rows, '', legend].join('\n')}\n`;
}

function versions(plugins: readonly PluginResult[], width: number): string {
  const lines = versionLines(plugins);
  const shown = lines
    .slice(0, MAX_PLUGIN_ROWS)
    .map((line) => wrapIndented(escapeTerminal(truncate(line, 400)), width, '  '));
  if (lines.length > shown.length) shown.push(`  … and ${formatCount(lines.length - shown.length)} more`);
  return shown.length === 0 ? '' : `${shown.join('\n')}\n`;
}

function stepMark(result: PluginResult, step: Step, style: Style): string {
  const status = result.steps.find((each) => each.step === step)?.status ?? 'skipped';
  return paintStatus(style, status)(STATUS_MARKS[status]);
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - columns(text)) / 2);
  return padColumns(' '.repeat(Math.max(0, left)) + text, width);
}

function timings(plugins: readonly PluginResult[], style: Style, width: number): string {
  const all = plugins.flatMap((result) => result.steps.map((step) => ({ result, step })));
  if (all.length === 0) return '';
  const few = plugins.length <= MAX_TIMED_PLUGINS;
  const shown = few ? all : all.toSorted((a, b) => b.step.durationMs - a.step.durationMs).slice(0, SLOWEST);
  const title = few ? 'Steps' : `Slowest steps ${style.dim(`(${SLOWEST} of ${formatCount(all.length)})`)}`;
  const lines: string[] = [style.bold(title), ''];
  let last: PluginResult | undefined;
  for (const { result, step } of shown) {
    const of = `${name(result.plugin)}  ${name(result.target)}`;
    if (few && result !== last) lines.push(`  ${of}`);
    last = result;
    const mark = paintStatus(style, step.status)(STATUS_MARKS[step.status]);
    const time = (step.status === 'skipped' ? '' : formatDuration(step.durationMs)).padStart(10);
    const summary = few
      ? escapeTerminal(truncate(step.summary, 600))
      : `${of}  ${escapeTerminal(truncate(step.summary, 600))}`;
    const first = `    ${mark} ${step.step.padEnd(8)} ${style.dim(time)}  `;
    lines.push(wrapIndented(summary, width, ' '.repeat(27), first));
  }
  return `${lines.join('\n')}\n`;
}

/** Why each plugin was rebuilt, checked anew or not. */
function reuse(report: GateReport, style: Style, width: number): string {
  const summary = reuseSummary(report);
  if (summary === undefined) return '';
  const lines = reuseLines(report.plugins);
  const shown = lines
    .slice(0, MAX_PLUGIN_ROWS)
    .map((line) => wrapIndented(style.dim(escapeTerminal(truncate(line, 600))), width, '    ', '  '));
  if (lines.length > shown.length) shown.push(style.dim(`  … and ${formatCount(lines.length - shown.length)} more`));
  const head = wrapIndented(escapeTerminal(truncate(summary, 600)), width, '  ');
  return `${[style.bold('Results of earlier runs'), '', head, ...shown].join('\n')}\n`;
}

function ending(report: GateReport, written: readonly string[], style: Style): string {
  const lines: string[] = [];
  if (written.length > 0) lines.push(style.bold('Reports'), ...written.map((file) => `  ${escapeTerminal(file)}`), '');
  const first = report.findings.find(({ waiver }) => waiver === undefined);
  if (first !== undefined) {
    lines.push(style.dim(`Why a rule exists and how to fix it: plugin-gate explain ${escapeTerminal(first.rule)}`));
  }
  const version = escapeTerminal(report.tool.version);
  lines.push(style.dim(`plugin-gate ${version}, ${formatDuration(report.durationMs)}`));
  return `${lines.join('\n')}\n`;
}
