import type { GateReport, PluginResult, StepResult } from '../../gate/report.ts';
import { STEPS } from '../../rules/finding.ts';
import { truncate } from '../../text/truncate.ts';
import { formatDuration } from '../../text/units.ts';
import { reuseSummary, reuseWords } from '../reuse.ts';
import { icon, STATUS_WORDS } from './icons.ts';
import { html, type Markup, NOTHING, trusted } from './markup.ts';

const MAX_PLUGINS = 300;
/** With so few plugins the steps stand open. */
const MAX_OPEN = 2;

/** What each step did and how long it took; all bars are on one scale. */
export function stepsSection({ plugins, cache }: GateReport): Markup {
  if (plugins.length === 0) return NOTHING;
  const shown = plugins.slice(0, MAX_PLUGINS);
  const longest = Math.max(1, ...shown.map(totalMs));
  const open = plugins.length <= MAX_OPEN;
  const reused = reuseSummary({ plugins, ...(cache === undefined ? {} : { cache }) });
  return html`<section aria-labelledby="h-steps">
<h2 id="h-steps">Steps and times</h2>
<p class="muted">Time by step:${STEPS.map((step) => html`<svg class="key" aria-hidden="true"><rect class="s-${step}" width="100%" height="100%"/></svg>${step}`)}</p>
${reused !== undefined && html`<p class="muted">${reused}</p>`}
${shown.map((result) => stepsOf(result, longest, open))}
</section>`;
}

function totalMs({ steps }: PluginResult): number {
  return steps.reduce((sum, { durationMs }) => sum + Math.max(0, durationMs), 0);
}

function stepsOf(result: PluginResult, longest: number, open: boolean): Markup {
  return html`<details class="steps"${open && trusted(' open')}><summary><span><b>${truncate(result.plugin, 120)}</b> <span class="muted">${truncate(result.target, 60)}</span></span>${stack(result, longest)}<span class="num">${formatDuration(totalMs(result))}</span></summary>
<ul>${result.steps.map((step) => stepRow(step, longest))}</ul></details>
`;
}

/** The steps of one plugin one after the other, as they ran. */
function stack({ steps }: PluginResult, longest: number): Markup {
  let from = 0;
  const parts = steps.map(({ step, durationMs }) => {
    const part = html`<rect class="s-${step}" x="${percent(from, longest)}" width="${percent(durationMs, longest)}" height="8"/>`;
    from += Math.max(0, durationMs);
    return part;
  });
  return html`<svg class="plot" width="100%" height="8" aria-hidden="true">${parts}</svg>`;
}

function stepRow(result: StepResult, longest: number): Markup {
  const { step, status, durationMs, summary } = result;
  const words = reuseWords(result);
  return html`<li>${icon(status)}<span class="step"><b>${step}</b><span class="sr"> ${STATUS_WORDS[status]}:</span> <span class="what">${truncate(summary, 600)}${words !== '' && html`<br>${truncate(words, 600)}`}</span></span>
<svg class="plot" width="100%" height="8" aria-hidden="true"><rect class="rail" y="3" width="100%" height="2"/><rect class="s-${step}" y="1" width="${percent(durationMs, longest)}" height="6"/></svg>
<span class="num">${status === 'skipped' ? '' : formatDuration(durationMs)}</span></li>`;
}

function percent(value: number, largest: number): string {
  return `${(Math.min(1, Math.max(0, value / largest)) * 100).toFixed(2)}%`;
}
