import type { Comparison } from '../compare/files.ts';
import type { DiffVerdict } from '../rules/effects.ts';
import { wrapIndented } from '../text/columns.ts';
import { type Style, styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { countsLine } from './counts.ts';
import { countBySeverity, VERDICT_MEANING, worstFirst } from './diff-order.ts';
import { renderFindings, textWidth } from './finding-text.ts';

const MAX_NAME = 300;
const MOST_FINDINGS = 100;

/** A comparison for a person at a terminal: verdict, files, counts, then findings worst first. Ends with a line feed. */
export function renderDiffText(
  { verdict, findings, evidence }: Comparison,
  options: { readonly colour: boolean; readonly width?: number },
): string {
  const style = styleFor(options.colour);
  const width = textWidth(options.width);
  const name = (file: string) => escapeTerminal(truncate(file, MAX_NAME));
  const counts = countsLine({ ...countBySeverity(findings), waived: 0, blocking: 0 });
  const head = [
    `  ${paintVerdict(style, verdict)}`,
    wrapIndented(VERDICT_MEANING[verdict], width, '  '),
    `  ${style.dim(`${name(evidence.old.file)} → ${name(evidence.new.file)} · ${counts}`)}`,
  ];
  const body = renderFindings(worstFirst(findings), { style, width, limit: MOST_FINDINGS });
  return `\n${head.join('\n')}\n${body === '' ? '' : `\n${body}`}`;
}

function paintVerdict(style: Style, verdict: DiffVerdict): string {
  const text = verdict.toUpperCase();
  switch (verdict) {
    case 'identical':
    case 'compatible':
      return style.bold(style.green(`✓ ${text}`));
    case 'risky':
      return style.bold(style.yellow(`! ${text}`));
    case 'undecided':
      return style.bold(style.magenta(`? ${text}`));
    case 'source-breaking':
    case 'breaking':
      return style.bold(style.red(`✗ ${text}`));
  }
}
