import type { Comparison } from '../compare/files.ts';
import type { DiffVerdict } from '../rules/effects.ts';
import type { Finding } from '../rules/finding.ts';
import { codeSpan } from '../text/markdown.ts';
import { truncate } from '../text/truncate.ts';
import { countsLine } from './counts.ts';
import { countBySeverity, VERDICT_MEANING, worstFirst } from './diff-order.ts';
import { findingMarkdown } from './markdown-finding.ts';

const MAX_NAME = 300;
const MOST_FINDINGS = 200;

const MARKS: Readonly<Record<DiffVerdict, string>> = {
  identical: '✅',
  compatible: '✅',
  risky: '⚠️',
  undecided: '❔',
  'source-breaking': '❌',
  breaking: '❌',
};

/** A comparison as GitHub Flavored Markdown. Ends with a line feed. */
export function renderDiffMarkdown({ verdict, findings, evidence }: Comparison): string {
  const name = (file: string) => codeSpan(truncate(file, MAX_NAME));
  const counts = countsLine({ ...countBySeverity(findings), waived: 0, blocking: 0 });
  const sorted = worstFirst(findings);
  const left = sorted.length - MOST_FINDINGS;
  const parts = [
    `## ${MARKS[verdict]} ${verdict}`,
    `**${VERDICT_MEANING[verdict]}**`,
    `${name(evidence.old.file)} → ${name(evidence.new.file)} · ${counts}`,
    ...sorted.slice(0, MOST_FINDINGS).map(markdownOf),
    left > 0 ? `… and ${left} more` : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** A finding that no policy has judged: an error is what the command fails for, and nothing is to be said of the others. */
export function markdownOf(finding: Finding): string {
  const judged = { ...finding, fingerprint: '', blocks: finding.severity === 'error' };
  return findingMarkdown({ finding: judged, targets: [], count: 1 }, 'full', undefined);
}
