import type { Fit } from '../fit/model.ts';
import { type Style, styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { textWidth } from '../text/width.ts';
import { worstFirst } from './diff-order.ts';
import { findingJson } from './finding-json.ts';
import { renderFindings } from './finding-text.ts';

/** The answer for one plugin. */
export interface FileFit {
  readonly file: string;
  readonly fit: Fit;
}

const MAX_NAME = 300;
const MOST_FINDINGS = 100;

/** Answers as JSON (`plugin-gate/fit/v1`, schema/fit.v1.json), two blanks deep, ending with a line feed. */
export function renderFitJson(results: readonly FileFit[]): string {
  const plugins = results.map(({ file, fit: { loads, reasons, go } }) => {
    return { file, loads, reasons: worstFirst(reasons).map(findingJson), ...(go === undefined ? {} : { go }) };
  });
  return `${JSON.stringify({ schema: 'plugin-gate/fit/v1', plugins }, undefined, 2)}\n`;
}

/** Answers for a person at a terminal: each plugin with its verdict and reasons. Ends with a line feed. */
export function renderFitText(
  results: readonly FileFit[],
  options: { readonly colour: boolean; readonly width?: number },
): string {
  const style = styleFor(options.colour);
  const width = textWidth(options.width);
  const blocks = results.map(({ file, fit }) => {
    const head = `  ${verdict(fit, style)}  ${escapeTerminal(truncate(file, MAX_NAME))}\n`;
    const body = renderFindings(worstFirst(fit.reasons), { style, width, limit: MOST_FINDINGS });
    return body === '' ? head : `${head}\n${body}`;
  });
  return `\n${blocks.join('\n')}`;
}

function verdict({ loads }: Fit, style: Style): string {
  switch (loads) {
    case true:
      return style.bold(style.green('✓ LOADS'));
    case false:
      return style.bold(style.red('✗ DOES NOT LOAD'));
    case 'undecided':
      return style.bold(style.magenta('? UNDECIDED'));
  }
}
