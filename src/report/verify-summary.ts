import type { Finding } from '../rules/finding.ts';
import type { SignatureEvidence } from '../signature/evidence.ts';
import type { Style } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import type { SummaryFacts } from '../verdict/check-summary.ts';
import { renderVerifyJson, renderVerifyText, type VerifyVerdict } from './verify.ts';

/** What `plugin-gate verify --summary` came to; the JSON form is schema/verify-summary.v1.json. */
export interface SummaryResult {
  readonly schema: 'plugin-gate/verify-summary/v1';
  /** As given: a path, or a digest. */
  readonly file: string;
  readonly verdict: VerifyVerdict;
  readonly findings: readonly Finding[];
  /** What the gate stated; absent when the signature was refused. */
  readonly summary?: SummaryFacts;
  /** Of the signature. */
  readonly evidence: SignatureEvidence;
}

/** The result for a person. Ends with a line feed. */
export async function renderSummaryText(result: SummaryResult, style: Style, width?: number): Promise<string> {
  const { summary } = result;
  const rows =
    summary === undefined
      ? []
      : [
          ['verifier', summary.verifier],
          ['result', summary.result],
          ['judged', summary.time],
          ['resource', summary.resource],
          ['policy', summary.policy],
          ...summary.levels.map((level) => ['level', level]),
        ].map(([label = '', text = 'not stated']) => `  ${style.dim(label.padEnd(10))}${escapeTerminal(text)}\n`);
  const signature = await renderVerifyText({ ...result, schema: 'plugin-gate/verify/v1' }, style, width);
  return `${signature}${rows.join('')}`;
}

/** The result as JSON, ending with a line feed. */
export function renderSummaryJson(result: SummaryResult): string {
  return renderVerifyJson(result);
}
