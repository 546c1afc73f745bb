import type { DiffVerdict } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import { wrapIndented } from '../text/columns.ts';
import { type Style, styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { textWidth } from '../text/width.ts';
import { countsLine } from './counts.ts';
import { countBySeverity, VERDICT_MEANING } from './diff-order.ts';

const MAX_NAME = 300;

/** The upper part of a comparison, for a person at a terminal: verdict, files and counts. Ends with a line feed. */
export function renderDiffHead(
  diff: {
    readonly verdict: DiffVerdict;
    readonly findings: readonly Finding[];
    /** Names of the files. */
    readonly old: string;
    readonly now: string;
  },
  options: { readonly colour: boolean; readonly width?: number },
): string {
  const { verdict, findings, old, now } = diff;
  const style = styleFor(options.colour);
  const name = (file: string) => escapeTerminal(truncate(file, MAX_NAME));
  const counts = countsLine({ ...countBySeverity(findings), waived: 0, blocking: 0 });
  const lines = [
    `  ${paintVerdict(style, verdict)}`,
    wrapIndented(VERDICT_MEANING[verdict], textWidth(options.width), '  '),
    `  ${style.dim(`${name(old)} → ${name(now)} · ${counts}`)}`,
  ];
  return `\n${lines.join('\n')}\n`;
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
