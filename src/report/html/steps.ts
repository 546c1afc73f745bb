import type { GateReport, PluginResult, StepResult } from '../../gate/report.ts';
import { truncate } from '../../text/truncate.ts';
import { formatDuration } from '../../text/units.ts';
import { icon, STATUS_WORDS } from './icons.ts';
import { html, type Markup, NOTHING } from './markup.ts';

const MAX_PLUGINS = 300;

/** What each step did and how long it took; all bars are on one scale. */
export function stepsSection({ plugins }: GateReport): Markup {
  if (plugins.length === 0) return NOTHING;
  const longest = Math.max(
    1,
    ...plugins.slice(0, MAX_PLUGINS).flatMap(({ steps }) => steps.map((step) => step.durationMs)),
  );
  return html`<section aria-labelledby="h-steps">
<h2 id="h-steps">Steps and times</h2>
${plugins.slice(0, MAX_PLUGINS).map((result) => stepsOf(result, longest))}
</section>`;
}

function stepsOf(result: PluginResult, longest: number): Markup {
  const total = result.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return html`<details class="steps"><summary><b>${truncate(result.plugin, 120)}</b> <span class="muted">${truncate(result.target, 60)}</span><span class="num">${formatDuration(total)}</span></summary>
<ul>${result.steps.map((step) => stepRow(step, longest))}</ul></details>
`;
}

function stepRow({ step, status, durationMs, summary }: StepResult, longest: number): Markup {
  const share = `${(Math.min(1, Math.max(0, durationMs / longest)) * 100).toFixed(2)}%`;
  return html`<li>${icon(status)}<span class="step"><b>${step}</b><span class="sr"> ${STATUS_WORDS[status]}:</span> <span class="what">${truncate(summary, 600)}</span></span>
<svg class="plot" width="100%" height="8" aria-hidden="true"><rect class="rail" y="3" width="100%" height="2"/><rect class="fill" y="1" width="${share}" height="6" rx="1.5"/></svg>
<span class="num">${status === 'skipped' ? '' : formatDuration(durationMs)}</span></li>`;
}
