import type { Fit } from '../fit/model.ts';
import type { Finding } from '../rules/finding.ts';
import { codeCell, codeSpan } from '../text/markdown.ts';
import { truncate } from '../text/truncate.ts';
import { worstFirst } from './diff-order.ts';
import type { FileFit, HostFit } from './fit-text.ts';
import { findingMarkdown } from './markdown-finding.ts';

const MAX_NAME = 300;
const MOST_FINDINGS = 200;
const MARKS = { true: '✅', false: '❌', undecided: '❔' } as const;
const WORDS = { true: 'loads', false: 'does not load', undecided: 'undecided' } as const;

/** Answers as GitHub Flavored Markdown: a table of plugins against hosts, then each plugin with its reasons. */
export function renderFitMarkdown(plugins: readonly FileFit[], hosts: readonly HostFit[]): string {
  const parts = [...table(plugins, hosts), ...built(hosts), ...plugins.flatMap(section)];
  return `${parts.join('\n\n')}\n`;
}

function table(plugins: readonly FileFit[], hosts: readonly HostFit[]): readonly string[] {
  if (plugins.length < 2 && hosts.length < 2) return [];
  const lines = [
    `| Plugin | ${hosts.map(({ host }) => cell(host)).join(' | ')} |`,
    `| :-- | ${hosts.map(() => ':-:').join(' | ')} |`,
    ...plugins.map(({ file }, index) => {
      const marks = hosts.map((host) => mark(host.plugins[index]?.fit.loads ?? 'undecided'));
      return `| ${cell(file)} | ${marks.join(' | ')} |`;
    }),
  ];
  return [lines.join('\n')];
}

function mark(loads: Fit['loads']): string {
  return `${MARKS[`${loads}`]} ${WORDS[`${loads}`]}`;
}

function built(hosts: readonly HostFit[]): readonly string[] {
  return hosts.flatMap(({ host, built: command }) =>
    command === undefined
      ? []
      : [`${codeSpan(truncate(host, MAX_NAME))} was built: ${codeSpan(truncate(command, 2000))}`],
  );
}

function section({ file, fit }: FileFit): readonly string[] {
  const reasons = worstFirst(fit.reasons);
  const left = reasons.length - MOST_FINDINGS;
  return [
    `## ${mark(fit.loads)}: ${codeSpan(truncate(file, MAX_NAME))}`,
    ...reasons.slice(0, MOST_FINDINGS).map(reasonMarkdown),
    ...(left > 0 ? [`… and ${left} more`] : []),
  ];
}

/** No policy is in play: what keeps the plugin from loading counts as blocking. */
function reasonMarkdown(reason: Finding): string {
  const judged = { ...reason, fingerprint: '', blocks: reason.severity === 'error' };
  return findingMarkdown({ finding: judged, targets: [], count: 1 }, 'full', undefined);
}

function cell(text: string): string {
  return codeCell(truncate(text, MAX_NAME));
}
