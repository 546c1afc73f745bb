import type { PluginResult, StepStatus } from '../gate/report.ts';
import { STEPS } from '../rules/finding.ts';
import { codeCell, escapeMarkdown } from '../text/markdown.ts';
import { truncate } from '../text/truncate.ts';
import { formatBytes, formatDuration, formatPercentChange, plural } from '../text/units.ts';

const MARKS: Readonly<Record<StepStatus, string>> = {
  pass: '✅',
  warn: '⚠️',
  fail: '❌',
  undecided: '❔',
  skipped: '➖',
};
const MAX_NAME = 80;
const MAX_TIMINGS = 300;

/** Plugins against steps, with at most `rows` rows; empty text when there are no plugins. */
export function pluginsMarkdown(plugins: readonly PluginResult[], rows: number): string {
  if (plugins.length === 0) return '';
  const lines = [
    `| Plugin | Target | ${STEPS.join(' | ')} | Compared | Size | Oldest systems |`,
    `| :-- | :-- | ${STEPS.map(() => ':-:').join(' | ')} | :-- | --: | :-- |`,
    ...plugins.slice(0, rows).map(rowOf),
  ];
  const left = plugins.length - rows;
  if (left > 0) lines.push('', `… and ${plural(left, 'more plugin')}.`);
  lines.push('', '<sub>✅ pass · ⚠️ warning · ❌ fail · ❔ undecided · ➖ skipped</sub>');
  return lines.join('\n');
}

function rowOf(result: PluginResult): string {
  const marks = STEPS.map((step) => MARKS[result.steps.find((each) => each.step === step)?.status ?? 'skipped']);
  const cells = [
    name(result.plugin),
    name(result.target),
    ...marks,
    result.compatibility ?? '',
    size(result),
    oldest(result),
  ];
  return `| ${cells.join(' | ')} |`;
}

function size({ facts: { sizes, oldSizes } }: PluginResult): string {
  if (sizes === undefined) return '';
  const change = oldSizes === undefined ? '' : formatPercentChange(oldSizes.file, sizes.file);
  return unbroken(change === '' ? formatBytes(sizes.file) : `${formatBytes(sizes.file)} (${change})`);
}

function oldest({ facts }: PluginResult): string {
  if (facts.oldest === undefined) return '';
  const { debian, ubuntu, rhel } = facts.oldest;
  const parts = [
    ...(debian === null ? [] : [`Debian ${debian}`]),
    ...(ubuntu === null ? [] : [`Ubuntu ${ubuntu}`]),
    ...(rhel === null ? [] : [`RHEL ${rhel}`]),
  ];
  return parts.length === 0
    ? 'none known'
    : parts.map((part) => unbroken(escapeMarkdown(truncate(part, MAX_NAME)))).join(', ');
}

/** On one line: GitHub gives a table what room is left, and wraps each number then. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** What each step did and how long it took, folded. */
export function timingsMarkdown(plugins: readonly PluginResult[]): string {
  const rows = plugins.flatMap((result) =>
    result.steps.map((step) => {
      const time = step.status === 'skipped' ? '' : formatDuration(step.durationMs);
      const summary = escapeMarkdown(truncate(step.summary, 300));
      return `| ${name(result.plugin)} | ${name(result.target)} | ${MARKS[step.status]} ${step.step} | ${time} | ${summary} |`;
    }),
  );
  if (rows.length === 0) return '';
  const shown = rows.slice(0, MAX_TIMINGS);
  const more = rows.length > shown.length ? [`\n… and ${plural(rows.length - shown.length, 'more step')}.`] : [];
  const head = ['| Plugin | Target | Step | Time | |', '| :-- | :-- | :-- | --: | :-- |'];
  return [
    '<details>',
    '<summary><b>Steps and times</b></summary>',
    '',
    ...head,
    ...shown,
    ...more,
    '',
    '</details>',
  ].join('\n');
}

function name(text: string): string {
  return codeCell(truncate(text, MAX_NAME));
}
