import type { GateReport, PluginResult } from '../../gate/report.ts';
import { STEPS, type Step } from '../../rules/finding.ts';
import { truncate } from '../../text/truncate.ts';
import { formatBytes, formatPercentChange, plural } from '../../text/units.ts';
import { versionLines } from '../version-line.ts';
import { icon, STATUS_WORDS } from './icons.ts';
import { html, type Markup, NOTHING } from './markup.ts';

const MAX_ROWS = 1000;

/** The table of plugins and steps. On a phone each row becomes a card; the roles keep it a table for screen readers. */
export function pluginsSection({ plugins }: GateReport): Markup {
  if (plugins.length === 0) return NOTHING;
  const left = plugins.length - MAX_ROWS;
  return html`<section aria-labelledby="h-plugins">
<h2 id="h-plugins">Plugins</h2>
<table class="grid" role="table" aria-labelledby="h-plugins">
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col">Plugin</th>
${STEPS.map((step) => html`<th role="columnheader" scope="col" class="mark">${step}</th>`)}
<th role="columnheader" scope="col">Compared</th><th role="columnheader" scope="col" class="num">Size</th>
</tr></thead>
<tbody role="rowgroup">
${plugins.slice(0, MAX_ROWS).map(rowOf)}
</tbody></table>
${versionLines(plugins)
  .slice(0, MAX_ROWS)
  .map((line) => html`<p class="advice">${truncate(line, 400)}</p>`)}
${left > 0 && html`<p class="muted">… and ${plural(left, 'more plugin')}, all in the JSON report.</p>`}
</section>`;
}

function rowOf(result: PluginResult): Markup {
  return html`<tr role="row"><th role="rowheader" scope="row" class="name"><b>${name(result.plugin)}</b> <span class="muted">${name(result.target)}</span></th>
${STEPS.map((step) => stepCell(result, step))}
<td role="cell" class="wide" data-label="compared">${result.compatibility ?? '–'}</td><td role="cell" class="num wide" data-label="size">${sizeOf(result)}</td></tr>
`;
}

function stepCell(result: PluginResult, step: Step): Markup {
  const found = result.steps.find((each) => each.step === step);
  const status = found?.status ?? 'skipped';
  const title = found === undefined ? `${step}: not run` : `${step}: ${truncate(found.summary, 300)}`;
  return html`<td role="cell" class="mark" data-label="${step}" title="${title}">${icon(status)}<span class="sr">${STATUS_WORDS[status]}</span></td>`;
}

function sizeOf({ facts: { sizes, oldSizes } }: PluginResult): string {
  if (sizes === undefined) return '–';
  const change = oldSizes === undefined ? '' : formatPercentChange(oldSizes.file, sizes.file);
  return change === '' ? formatBytes(sizes.file) : `${formatBytes(sizes.file)} ${change}`;
}

function name(text: string): string {
  return truncate(text, 120);
}
