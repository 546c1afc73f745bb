import type { GateReport, JudgedFinding } from '../../gate/report.ts';
import { isRuleId, ruleOf } from '../../rules/catalogue.ts';
import type { Location } from '../../rules/finding.ts';
import { escapeHtmlBlock, proseHtml } from '../../text/html.ts';
import { stripAnsi } from '../../text/terminal.ts';
import { truncate } from '../../text/truncate.ts';
import { formatCount, plural } from '../../text/units.ts';
import { blockingNote, type FindingGroup, type Section, sectionsOf, whereOf } from '../group.ts';
import { type SourceLinks, sourceLink } from '../links.ts';
import { kindIcon } from './icons.ts';
import { html, type Markup, trusted } from './markup.ts';

/** A page with more is slow to open; the JSON report has all. */
const MAX_SHOWN = 2000;
/** The first blocking findings stand open. */
const MAX_OPEN = 5;
const MAX_NAME = 2000;
const MAX_AFFECTED = 200;
const MAX_DETAILS = 20_000;

/** The findings, grouped by severity, each one expandable. */
export function findingsSection(report: Pick<GateReport, 'findings'>, links: SourceLinks | undefined): Markup {
  const sections = sectionsOf(report.findings);
  if (sections.length === 0) {
    return html`<section aria-labelledby="h-findings"><h2 id="h-findings">Findings</h2><p class="muted">None.</p></section>`;
  }
  let room = MAX_SHOWN;
  const groups: Markup[] = [];
  for (const section of sections) {
    groups.push(severityGroup(section, room, links));
    room = Math.max(0, room - section.groups.length);
  }
  return html`<section aria-labelledby="h-findings">
<h2 id="h-findings">Findings</h2>
<form class="filter" role="search" hidden>
<label class="sr" for="q">Filter findings</label><input id="q" type="search" placeholder="Filter: rule, plugin, symbol, file" autocomplete="off">
<button type="button" id="all">Open all</button><output id="hits" class="muted" for="q"></output>
</form>
${groups}
</section>`;
}

function severityGroup(section: Section, room: number, links: SourceLinks | undefined): Markup {
  const { kind, title, groups, count } = section;
  const shown = groups.slice(0, room);
  const left = count - shown.reduce((sum, group) => sum + group.count, 0);
  return html`<section class="group" id="${kind}" aria-labelledby="h-${kind}">
<h3 id="h-${kind}">${title} <span class="count">${formatCount(count)}</span></h3>
${shown.map((group, index) => findingCard(group, section, index < MAX_OPEN && group.finding.blocks, links))}
${left > 0 && html`<p class="muted">… and ${plural(left, 'more finding')}, all in the JSON report.</p>`}
</section>`;
}

function findingCard(group: FindingGroup, section: Section, open: boolean, links: SourceLinks | undefined): Markup {
  const { finding } = group;
  const note = blockingNote(finding);
  return html`<details class="finding is-${section.kind}"${open && trusted(' open')}>
<summary>${kindIcon(section.kind)}<span class="sum"><span class="head"><code>${finding.rule}</code> <span class="muted">${truncate(whereOf(group), 300)}</span>${note !== '' && html` <span class="tag">${note}</span>`}</span>
<span class="message">${trusted(proseHtml(truncate(finding.message, MAX_NAME)))}</span></span></summary>
<div class="body">${factsOf(finding, links)}${detailsOf(finding)}${whyOf(finding)}</div>
</details>
`;
}

function factsOf(finding: JudgedFinding, links: SourceLinks | undefined): Markup {
  const { waiver, location, path, affected } = finding;
  const rows: Markup[] = [];
  const row = (label: string, value: Markup) => rows.push(html`<dt>${label}</dt><dd>${value}</dd>`);
  if (waiver !== undefined) {
    row('Accepted', html`${waiver.reason}<br><span class="muted">${waiver.owner}, until ${waiver.expires}</span>`);
  }
  if (location !== undefined) row('Place', placeOf(location, links));
  if (finding.old !== undefined || finding.new !== undefined) row('Change', changeOf(finding.old, finding.new));
  if (path !== undefined && path.length > 0) row('Path', pathOf(path));
  if (affected !== undefined && affected.length > 0) row('Affects', affectedOf(affected));
  const rule = isRuleId(finding.rule) ? ruleOf(finding.rule) : undefined;
  const fix = finding.fix ?? rule?.fix;
  if (fix !== undefined && waiver === undefined && finding.severity !== 'note') {
    row('Fix', html`<span class="fix">${trusted(proseHtml(truncate(fix, MAX_NAME)))}</span>`);
  }
  return html`<dl>${rows}</dl>`;
}

function placeOf(location: Location, links: SourceLinks | undefined): Markup {
  const column = location.column === undefined ? '' : `:${location.column}`;
  const text = html`<code>${truncate(location.file, MAX_NAME)}:${location.line}${column}</code>`;
  const link = sourceLink(links, location);
  return link === undefined ? text : html`<a href="${link}" rel="noopener noreferrer">${text}</a>`;
}

function changeOf(old: string | undefined, now: string | undefined): Markup {
  const before =
    old !== undefined && html`<del><span class="sr">old: </span><code>${truncate(old, MAX_NAME)}</code></del>`;
  const after =
    now !== undefined && html`<ins><span class="sr">new: </span><code>${truncate(now, MAX_NAME)}</code></ins>`;
  return html`<span class="change">${before}${after}</span>`;
}

function pathOf(path: readonly string[]): Markup {
  return html`<ol class="path">${path.slice(0, 50).map((part) => html`<li><code>${truncate(part, MAX_NAME)}</code></li>`)}</ol>`;
}

function affectedOf(affected: readonly string[]): Markup {
  const names = (list: readonly string[]) => list.map((name) => html`<li><code>${truncate(name, 300)}</code></li>`);
  if (affected.length <= 6) return html`<ul class="names">${names(affected)}</ul>`;
  const left = affected.length - MAX_AFFECTED;
  return html`<details class="more"><summary>${plural(affected.length, 'symbol')}</summary><ul class="names">${names(affected.slice(0, MAX_AFFECTED))}</ul>${left > 0 && html`<p class="muted">… and ${formatCount(left)} more</p>`}</details>`;
}

/** The end of a program's output says what failed: the beginning goes first. */
function detailsOf({ details }: JudgedFinding): Markup {
  if (details === undefined || details.trim() === '') return html``;
  const text = stripAnsi(details).replace(/\n+$/, '');
  const shown = text.length > MAX_DETAILS ? `…\n${text.slice(-MAX_DETAILS)}` : text;
  return html`<pre tabindex="0" aria-label="Details">${trusted(escapeHtmlBlock(shown))}</pre>`;
}

function whyOf({ rule: id }: JudgedFinding): Markup {
  if (!isRuleId(id)) return html``;
  const { why, controls } = ruleOf(id);
  const evidence = controls.map(
    ({ framework, id: control, title }) => html`<li title="${title}">${framework} ${control}</li>`,
  );
  return html`<p class="why">${trusted(proseHtml(why))}</p>${evidence.length > 0 && html`<ul class="controls" aria-label="Gives evidence for">${evidence}</ul>`}`;
}
