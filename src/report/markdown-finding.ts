import type { JudgedFinding } from '../gate/report.ts';
import { isRuleId, ruleOf } from '../rules/catalogue.ts';
import type { Location } from '../rules/finding.ts';
import { codeBlock, codeSpan, escapeMarkdown, proseMarkdown } from '../text/markdown.ts';
import { stripAnsi } from '../text/terminal.ts';
import { truncate } from '../text/truncate.ts';
import { formatCount } from '../text/units.ts';
import { blockingNote, type FindingGroup, kindOf, type SectionKind } from './group.ts';
import { type SourceLinks, sourceLink } from './links.ts';

/** How much of a finding is written: with its details, without them, or as one list item. */
export type Depth = 'full' | 'brief' | 'line';

const MARKS: Readonly<Record<SectionKind, string>> = {
  error: '❌',
  undecided: '❔',
  warning: '⚠️',
  note: 'ℹ️',
  waived: '☑️',
};
const MAX_MESSAGE = 1500;
const MAX_NAME = 300;
const MAX_PATH = 12;
const MAX_AFFECTED = 5;
const MAX_DETAIL_LINES = 60;
const MAX_DETAIL_COLUMNS = 300;

/** One finding as Markdown, without a line feed at its end. */
export function findingMarkdown(group: FindingGroup, depth: Depth, links: SourceLinks | undefined): string {
  const { finding } = group;
  const head = headOf(group, links);
  const message = proseMarkdown(truncate(finding.message, MAX_MESSAGE));
  if (depth === 'line') return `- ${head}: ${message}${waiverOf(finding)}`;
  const facts = factsOf(finding).map((fact) => `- ${fact}`);
  const parts = [`${head}<br>${message}${waiverOf(finding)}`];
  if (facts.length > 0) parts.push(facts.join('\n'));
  if (depth === 'full' && finding.details !== undefined && finding.details.trim() !== '') {
    parts.push(`<details>\n<summary>Details</summary>\n\n${codeBlock(lastLines(finding.details))}\n\n</details>`);
  }
  return parts.join('\n\n');
}

function headOf(group: FindingGroup, links: SourceLinks | undefined): string {
  const { finding, targets } = group;
  const parts = [`${MARKS[kindOf(finding)]} **${codeSpan(finding.rule)}**`];
  if (finding.plugin !== undefined) {
    const on = targets.length === 0 ? '' : ` on ${targets.slice(0, 6).map(name).join(', ')}`;
    parts.push(`${name(finding.plugin)}${on}${targets.length > 6 ? ` and ${targets.length - 6} more` : ''}`);
  }
  if (finding.location !== undefined) parts.push(placeMarkdown(finding.location, links));
  const note = blockingNote(finding);
  if (note !== '') parts.push(`**${note}**`);
  return parts.join(' · ');
}

function placeMarkdown(location: Location, links: SourceLinks | undefined): string {
  const column = location.column === undefined ? '' : `:${location.column}`;
  const place = codeSpan(`${truncate(location.file, MAX_NAME)}:${location.line}${column}`);
  const link = sourceLink(links, location);
  return link === undefined ? place : `[${place}](${link})`;
}

function factsOf(finding: JudgedFinding): string[] {
  const facts: string[] = [];
  if (finding.old !== undefined && finding.new !== undefined) {
    facts.push(`Change: ${name(finding.old)} → ${name(finding.new)}`);
  } else if (finding.old !== undefined) {
    facts.push(`Old: ${name(finding.old)}`);
  } else if (finding.new !== undefined) {
    facts.push(`New: ${name(finding.new)}`);
  }
  if (finding.path !== undefined && finding.path.length > 0) facts.push(`Path: ${pathMarkdown(finding.path)}`);
  if (finding.affected !== undefined && finding.affected.length > 0) {
    const more = finding.affected.length - MAX_AFFECTED;
    const names = finding.affected.slice(0, MAX_AFFECTED).map(name).join(', ');
    facts.push(`Affects: ${names}${more > 0 ? ` and ${formatCount(more)} more` : ''}`);
  }
  const fix = finding.fix ?? (isRuleId(finding.rule) ? ruleOf(finding.rule).fix : undefined);
  if (fix !== undefined && finding.severity !== 'note' && finding.waiver === undefined) {
    facts.push(`**Fix:** ${proseMarkdown(truncate(fix, MAX_MESSAGE))}`);
  }
  return facts;
}

function waiverOf({ waiver }: JudgedFinding): string {
  if (waiver === undefined) return '';
  const { owner, expires, reason } = waiver;
  const terms = `accepted by ${truncate(owner, 100)} until ${truncate(expires, 40)}: ${truncate(reason, 500)}`;
  return ` (${escapeMarkdown(terms)})`;
}

function pathMarkdown(path: readonly string[]): string {
  if (path.length <= MAX_PATH) return path.map(name).join(' › ');
  return `${path.slice(0, 6).map(name).join(' › ')} › … › ${path.slice(-5).map(name).join(' › ')}`;
}

/** The end of a program's output says what failed. */
function lastLines(details: string): string {
  const lines = stripAnsi(details).replace(/\n+$/, '').split('\n');
  const shown = lines.slice(-MAX_DETAIL_LINES).map((line) => truncate(line, MAX_DETAIL_COLUMNS));
  const left = lines.length - shown.length;
  return [...(left > 0 ? [`… ${formatCount(left)} lines before`] : []), ...shown].join('\n');
}

function name(text: string): string {
  return codeSpan(truncate(text, MAX_NAME));
}
