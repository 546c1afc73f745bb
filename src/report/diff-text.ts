import type { Comparison } from '../compare/files.ts';
import { styleFor } from '../text/style.ts';
import { textWidth } from '../text/width.ts';
import { renderDiffHead } from './diff-head.ts';
import { worstFirst } from './diff-order.ts';
import { renderFindings } from './finding-text.ts';

const MOST_FINDINGS = 100;

/** A comparison for a person at a terminal: verdict, files, counts, then findings worst first. Ends with a line feed. */
export function renderDiffText(
  { verdict, findings, evidence }: Comparison,
  options: { readonly colour: boolean; readonly width?: number },
): string {
  const head = renderDiffHead({ verdict, findings, old: evidence.old.file, now: evidence.new.file }, options);
  const style = styleFor(options.colour);
  const body = renderFindings(worstFirst(findings), { style, width: textWidth(options.width), limit: MOST_FINDINGS });
  return `${head}${body === '' ? '' : `\n${body}`}`;
}
