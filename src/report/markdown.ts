import type { GateReport, GateVerdict } from '../gate/report.ts';
import { codeSpan, escapeMarkdown, proseMarkdown } from '../text/markdown.ts';
import { byteLength, truncate, truncateBytes } from '../text/truncate.ts';
import { formatDuration, plural } from '../text/units.ts';
import { countsLine } from './counts.ts';
import { type Section, type SectionKind, sectionsOf } from './group.ts';
import type { SourceLinks } from './links.ts';
import { type Depth, findingMarkdown } from './markdown-finding.ts';
import { pluginsMarkdown, timingsMarkdown } from './markdown-table.ts';
import { reuseLines, reuseSummary } from './reuse.ts';
import { signedOf } from './signed.ts';
import { versionLines } from './version-line.ts';

export interface MarkdownOptions {
  /** Bytes of UTF-8 that the text may take; 1,000,000 unless given (a job summary may have 1 MiB). */
  readonly limitBytes?: number;
  /** Where sources can be looked at; without it places are plain text. See linksOf(). */
  readonly links?: SourceLinks;
  /** What changed since an earlier run: one line of Markdown. */
  readonly since?: string;
}

export const VERDICT_TITLES: Readonly<Record<GateVerdict, string>> = {
  pass: '✅ plugin-gate: pass',
  fail: '❌ plugin-gate: fail',
  undecided: '❔ plugin-gate: undecided',
};

const JOB_SUMMARY_BYTES = 1_000_000;

/** How much of a report is written; each step of {@link SHAPES} leaves out what is missed least. */
interface Shape {
  readonly depth: Readonly<Record<SectionKind, Depth>>;
  /** Findings shown of each section. */
  readonly limit: number;
  readonly rows: number;
  readonly timings: boolean;
}

const FULL = { error: 'full', undecided: 'full', warning: 'full', note: 'full', waived: 'full' } as const;
const BRIEF = { error: 'brief', undecided: 'brief', warning: 'brief', note: 'brief', waived: 'line' } as const;
const LINES = { error: 'brief', undecided: 'brief', warning: 'line', note: 'line', waived: 'line' } as const;
const LEAST = { error: 'line', undecided: 'line', warning: 'line', note: 'line', waived: 'line' } as const;

const SHAPES: readonly Shape[] = [
  { depth: FULL, limit: 500, rows: 500, timings: true },
  { depth: FULL, limit: 100, rows: 200, timings: true },
  { depth: BRIEF, limit: 100, rows: 200, timings: false },
  { depth: LINES, limit: 100, rows: 100, timings: false },
  { depth: LINES, limit: 40, rows: 100, timings: false },
  { depth: LEAST, limit: 40, rows: 50, timings: false },
  { depth: LEAST, limit: 15, rows: 50, timings: false },
  { depth: LEAST, limit: 5, rows: 20, timings: false },
  { depth: LEAST, limit: 1, rows: 5, timings: false },
];

/**
 * The report as GitHub Flavored Markdown, for a job summary or a comment: verdict, table of plugins and steps, worst
 * findings with links to their lines, the rest folded. Details are left out step by step until it fits; a limit too
 * small for the least of it gives the verdict alone. Ends with a line feed.
 */
export function renderMarkdown(report: GateReport, options: MarkdownOptions = {}): string {
  const limit = options.limitBytes ?? JOB_SUMMARY_BYTES;
  const sections = sectionsOf(report.findings);
  for (const shape of SHAPES) {
    const text = documentOf(report, sections, shape, options);
    if (byteLength(text) <= limit) return text;
  }
  return truncateBytes(`## ${VERDICT_TITLES[report.verdict]}\n`, limit, '');
}

function documentOf(
  report: GateReport,
  sections: readonly Section[],
  shape: Shape,
  { links, since = '' }: MarkdownOptions,
): string {
  const parts = [
    `## ${VERDICT_TITLES[report.verdict]}`,
    `**${proseMarkdown(truncate(report.headline, 600))}**`,
    countsLine(report.counts),
    since,
    pluginsMarkdown(report.plugins, shape.rows),
    versionsMarkdown(report.plugins, shape.rows),
    ...sections.map((section) => sectionMarkdown(section, shape, links)),
    signedMarkdown(report.plugins, shape.rows),
    shape.timings ? timingsMarkdown(report.plugins) : '',
    reuseMarkdown(report, shape.rows),
    adviceMarkdown(report),
    footer(report),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Errors and undecided findings stand open, all else is folded. */
function sectionMarkdown(section: Section, shape: Shape, links: SourceLinks | undefined): string {
  const { kind, title, groups, count } = section;
  const depth = shape.depth[kind];
  const shown = groups.slice(0, shape.limit);
  const texts = shown.map((group) => findingMarkdown(group, depth, links));
  const left = count - shown.reduce((sum, group) => sum + group.count, 0);
  if (left > 0)
    texts.push(
      `${depth === 'line' ? '- ' : ''}… and ${plural(left, 'more finding')}, all in the JSON and HTML reports.`,
    );
  const body = texts.join(depth === 'line' ? '\n' : '\n\n');
  if (kind === 'error' || kind === 'undecided') return `### ${title} (${count})\n\n${body}`;
  return `<details>\n<summary><b>${title} (${count})</b></summary>\n\n${body}\n\n</details>`;
}

function versionsMarkdown(plugins: GateReport['plugins'], limit: number): string {
  const lines = versionLines(plugins);
  const shown = lines.slice(0, limit).map((line) => `- ${proseMarkdown(truncate(line, 400))}`);
  if (lines.length > shown.length) shown.push(`- … and ${lines.length - shown.length} more, all in the JSON report.`);
  return shown.join('\n');
}

/** What was signed, with what who deploys it pins; folded. */
function signedMarkdown(plugins: GateReport['plugins'], limit: number): string {
  const signed = signedOf(plugins);
  const lines = signed.map(({ plugin, target, result, file, policy, signer }) => {
    const what = `${codeSpan(truncate(plugin, 80))} for ${codeSpan(truncate(target, 80))}`;
    const by = signer === '' ? '' : `, signed by ${codeSpan(truncate(signer, 200))}`;
    return `- ${what}: ${result}, ${codeSpan(truncate(file, 200))}${by}, policy ${codeSpan(policy)}`;
  });
  return folded(`Signed verdicts (${signed.length})`, lines, limit);
}

/** Why each plugin was rebuilt, checked anew or not; folded. */
function reuseMarkdown(report: GateReport, limit: number): string {
  const summary = reuseSummary(report);
  if (summary === undefined) return '';
  const lines = reuseLines(report.plugins).map((line) => `- ${proseMarkdown(truncate(line, 600))}`);
  const said = proseMarkdown(truncate(summary, 600));
  if (lines.length === 0) return `<sub>${said}</sub>`;
  return folded('Results of earlier runs', [`${said}\n`, ...lines], limit + 1);
}

function folded(title: string, lines: readonly string[], limit: number): string {
  if (lines.length === 0) return '';
  const shown = lines.slice(0, limit);
  if (lines.length > shown.length) shown.push(`- … and ${lines.length - shown.length} more, all in the JSON report.`);
  return `<details>\n<summary><b>${title}</b></summary>\n\n${shown.join('\n')}\n\n</details>`;
}

function adviceMarkdown(report: GateReport): string {
  if (!report.findings.some(({ waiver }) => waiver === undefined)) return '';
  const lines = [
    '<details>',
    '<summary><b>How to fix or accept a finding</b></summary>',
    '',
    '- `plugin-gate explain RULE` tells why a rule exists and how to fix what it found.',
    '- `plugin-gate check` gives the same verdict on your machine.',
    '- `plugin-gate accept` writes a waiver with its reason, owner and expiry date, to be reviewed like any other change.',
    '',
    '</details>',
  ];
  return lines.join('\n');
}

function footer(report: GateReport): string {
  const commit = report.source?.commit;
  const parts = [
    `plugin-gate ${escapeMarkdown(report.tool.version)}`,
    ...(commit === undefined ? [] : [`commit \`${shortCommit(commit)}\``]),
    ...(report.policy === undefined ? [] : [`policy of \`${shortCommit(report.policy.commit)}\``]),
    formatDuration(report.durationMs),
  ];
  return `<sub>${parts.join(' · ')}</sub>`;
}

function shortCommit(commit: string): string {
  return commit.replace(/[^0-9a-f]/gi, '').slice(0, 12);
}
