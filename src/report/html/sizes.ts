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
  const compared = plugins.some(({ facts }) => facts.oldSizes !== undefined);
  return html`<section aria-labelledby="h-sizes">
<h2 id="h-sizes">Sizes</h2>
<p class="muted">${compared && html`Against the previous release:${key('fill', 'as before')}${key('grew', 'grown')}${key('shrank', 'gone')}. `}Code and data share a scale; debug data and file share another.</p>
<div class="cards">${sized.slice(0, MAX_CARDS)}</div>
</section>`;
}

function key(name: string, text: string): Markup {
  return html`<svg class="key" aria-hidden="true"><rect class="${name}" x="1" y="1" width="88%" height="80%"/></svg>${text}`;
}

function card(result: PluginResult, sizes: Sizes, old: Sizes | undefined): Markup {
  const groups = SCALES.map((keys) => {
    const largest = Math.max(1, ...keys.flatMap((key) => [sizes[key], old?.[key] ?? 0]));
    return html`<div class="bars">${keys.map((key) => bar(key, sizes[key], old?.[key], largest))}</div>`;
  });
  return html`<article class="card"><h3>${truncate(result.plugin, 120)} <span class="muted">${truncate(result.target, 60)}</span></h3>${groups}</article>
`;
}

/** What was there before, then what came on top of it, or an outline of what is gone. */
function bar(label: string, size: number, old: number | undefined, largest: number): Markup {
  const before = Math.min(size, old ?? size);
  const after = Math.max(size, old ?? size);
  const difference =
    after > before &&
    html`<rect class="${size > before ? 'grew' : 'shrank'}" x="${percent(before, largest)}" y="3" width="${percent(after - before, largest)}" height="8"/>`;
  const change = old === undefined ? '' : formatPercentChange(old, size);
  const title = old === undefined || old === size ? '' : `${formatBytes(old)} before, ${formatBytesChange(size - old)}`;
  return html`<div class="bar" title="${title}"><span class="label">${label}</span>
<svg class="plot" width="100%" height="14" aria-hidden="true"><rect class="rail" y="6" width="100%" height="2"/><rect class="fill" y="3" width="${percent(before, largest)}" height="8"/>${difference}</svg>
<span class="num">${formatBytes(size)}</span><span class="num change-num">${change}</span></div>`;
}

function percent(value: number, largest: number): string {
  return `${(Math.min(1, Math.max(0, value / largest)) * 100).toFixed(2)}%`;
}
