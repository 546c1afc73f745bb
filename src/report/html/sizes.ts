import type { GateReport, PluginResult } from '../../gate/report.ts';
import { truncate } from '../../text/truncate.ts';
import { formatBytes, formatBytesChange, formatPercentChange } from '../../text/units.ts';
import { html, type Markup, NOTHING } from './markup.ts';

type Sizes = NonNullable<PluginResult['facts']['sizes']>;

/** What is mapped into the host, on one scale; and what lies on the disk, on another, because debug data dwarfs code. */
const SCALES = [
  ['text', 'rodata', 'data', 'bss'],
  ['debug', 'file'],
] as const;
const MAX_CARDS = 60;

/** Sizes of sections in bytes, as bars; the mark is where the previous release was. */
export function sizesSection({ plugins }: GateReport): Markup {
  const sized = plugins.flatMap((result) => {
    const { sizes, oldSizes } = result.facts;
    return sizes === undefined ? [] : [card(result, sizes, oldSizes)];
  });
  if (sized.length === 0) return NOTHING;
  return html`<section aria-labelledby="h-sizes">
<h2 id="h-sizes">Sizes</h2>
<p class="muted">Bars are this release, the upright mark is the previous one. Code and data share a scale; debug data and file share another.</p>
<div class="cards">${sized.slice(0, MAX_CARDS)}</div>
</section>`;
}

function card(result: PluginResult, sizes: Sizes, old: Sizes | undefined): Markup {
  const groups = SCALES.map((keys) => {
    const largest = Math.max(1, ...keys.flatMap((key) => [sizes[key], old?.[key] ?? 0]));
    return html`<div class="bars">${keys.map((key) => bar(key, sizes[key], old?.[key], largest))}</div>`;
  });
  return html`<article class="card"><h3>${truncate(result.plugin, 120)} <span class="muted">${truncate(result.target, 60)}</span></h3>${groups}</article>
`;
}

function bar(label: string, size: number, old: number | undefined, largest: number): Markup {
  const change =
    old === undefined || old === size ? '' : `${formatBytesChange(size - old)} ${formatPercentChange(old, size)}`;
  const grew = old !== undefined && size > old ? ' grew' : '';
  const mark =
    old !== undefined && html`<rect class="tick" x="${percent(old, largest)}" y="0" width="2" height="14" rx="1"/>`;
  return html`<div class="bar"><span class="label">${label}</span>
<svg class="plot" width="100%" height="14" aria-hidden="true"><rect class="rail" y="6" width="100%" height="2"/><rect class="fill${grew}" y="3" width="${percent(size, largest)}" height="8" rx="1.5"/>${mark}</svg>
<span class="num">${formatBytes(size)}</span><span class="num change-num">${change}</span></div>`;
}

/** Kept a little under the whole width, so that the mark of the largest stays inside. */
function percent(value: number, largest: number): string {
  const share = Math.min(1, Math.max(0, value / largest));
  return `${(share * 98.5).toFixed(2)}%`;
}
