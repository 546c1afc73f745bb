import type { RecordCheck } from '../record/check.ts';
import type { LineFacts } from '../record/line.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import { findingsText, renderVerifyJson, type VerifyVerdict } from './verify.ts';

/** What `plugin-gate verify --record` came to. */
export interface RecordResult extends RecordCheck {
  readonly schema: 'plugin-gate/verify-record/v1';
  readonly file: string;
  readonly verdict: VerifyVerdict;
}

function lineText({ time, plugin, target, result }: LineFacts): string {
  return `${time}  ${plugin} for ${target}: ${result}`;
}

/** The result for a person. Ends with a line feed. */
export async function renderRecordText(result: RecordResult, style: Style, width?: number): Promise<string> {
  const { file, verdict, findings, counts, sealed, head, first, last } = result;
  const heads = {
    verified: style.green('✓ whole'),
    refused: style.red('✗ not whole'),
    undecided: style.magenta('? cut at its end'),
  };
  const total = counts.passed + counts.failed + counts.undecided;
  const what = verdict === 'refused' ? ' before the fault' : '';
  const rows: readonly (readonly [string, string])[] = [
    [
      'decisions',
      `${total}${what}: ${counts.passed} passed, ${counts.failed} failed, ${counts.undecided} undecided${sealed === 0 ? '' : `; ${sealed} cut and sealed`}`,
    ],
    ...(first === undefined ? [] : [['first', lineText(first)] as const]),
    ...(last === undefined ? [] : [['last', lineText(last)] as const]),
    ...(head === undefined ? [] : [['head', head] as const]),
  ];
  const told = await findingsText(findings, style, width);
  const lines = rows.map(([label, text]) => `  ${style.dim(label.padEnd(10))}${escapeTerminal(text)}\n`);
  return `${heads[verdict]}  ${style.bold(escapeTerminal(file))}\n\n${told}${lines.join('')}`;
}

/** The result as JSON, ending with a line feed. */
export function renderRecordJson(result: RecordResult): string {
  return renderVerifyJson(result);
}
