import { createHash } from 'node:crypto';
import type { Fit } from '../fit/model.ts';
import type { JudgedFinding } from '../gate/report.ts';
import { truncate } from '../text/truncate.ts';
import { plural } from '../text/units.ts';
import { worstFirst } from './diff-order.ts';
import type { FileFit, HostFit } from './fit-text.ts';
import { findingsSection } from './html/findings.ts';
import { favicon, icon, iconSheet } from './html/icons.ts';
import { html, type Markup, NOTHING, trusted } from './html/markup.ts';
import { SCRIPT } from './html/script.ts';
import { STYLE } from './html/style.ts';

const MAX_NAME = 300;
const MAX_ROWS = 1000;
const STATUS = { true: 'pass', false: 'fail', undecided: 'undecided' } as const;
const WORDS = { true: 'loads', false: 'does not load', undecided: 'undecided' } as const;

/** Answers as one HTML page that needs nothing else, in the style of the gate's report. */
export function renderFitHtml(plugins: readonly FileFit[], hosts: readonly HostFit[]): string {
  const all = plugins.map(({ fit }) => fit.loads);
  const worst: Fit['loads'] = all.includes(false) ? false : all.includes('undecided') ? 'undecided' : true;
  const status = STATUS[`${worst}`];
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = { true: 'Loads', false: 'Does not load', undecided: 'Undecided' }[`${worst}`];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}: plugin-gate fit</title>
${favicon(status)}
<style>${trusted(STYLE)}</style>
</head>
<body>
${iconSheet()}
<header class="banner is-${status}"><div class="inner">
<p class="over">plugin-gate fit</p>
<h1>${icon(status)}<span>${title}</span></h1>
<p class="headline">${headline(plugins, hosts)}</p>
</div></header>
<main>
${matrix(plugins, hosts)}
${findingsSection({ findings: plugins.flatMap(findingsOf) }, undefined)}
</main>
<footer>plugin-gate · <code>plugin-gate explain RULE</code> tells why a rule exists and how to fix what it found</footer>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function headline(plugins: readonly FileFit[], hosts: readonly HostFit[]): string {
  const count = plugins.filter(({ fit }) => fit.loads === true).length;
  const where = hosts.length === 1 ? truncate(hosts[0]?.host ?? '', MAX_NAME) : `all of ${hosts.length} hosts`;
  return `${count} of ${plural(plugins.length, 'plugin')} would load in ${where}.`;
}

/** Plugins against hosts. */
function matrix(plugins: readonly FileFit[], hosts: readonly HostFit[]): Markup {
  const left = plugins.length - MAX_ROWS;
  return html`<section aria-labelledby="h-hosts">
<h2 id="h-hosts">Hosts</h2>
<table class="grid" role="table" aria-labelledby="h-hosts">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Plugin</th>
${hosts.map(({ host }) => html`<th role="columnheader" scope="col" class="mark">${truncate(host, MAX_NAME)}</th>`)}
</tr></thead>
<tbody role="rowgroup">
${plugins.slice(0, MAX_ROWS).map(({ file }, index) => {
  const cells = hosts.map(({ host, plugins: own }) => cell(host, own[index]?.fit.loads ?? 'undecided'));
  return html`<tr role="row"><th role="rowheader" scope="row" class="name"><b>${truncate(file, MAX_NAME)}</b></th>${cells}</tr>
`;
})}
</tbody></table>
${hosts.map(({ host, built }) =>
  built === undefined
    ? NOTHING
    : html`<p class="advice">${truncate(host, MAX_NAME)} was built: <code>${truncate(built, 2000)}</code></p>`,
)}
${left > 0 && html`<p class="muted">… and ${plural(left, 'more plugin')}, all in the JSON output.</p>`}
</section>`;
}

function cell(host: string, loads: Fit['loads']): Markup {
  const label = truncate(host, MAX_NAME);
  return html`<td role="cell" class="mark" data-label="${label}" title="${label}: ${WORDS[`${loads}`]}">${icon(STATUS[`${loads}`])}<span class="sr">${WORDS[`${loads}`]}</span></td>`;
}

/** No policy is in play: what keeps the plugin from loading counts as blocking, and nothing is waived. */
function findingsOf({ file, fit }: FileFit): readonly JudgedFinding[] {
  return worstFirst(fit.reasons).map((reason) => ({
    ...reason,
    plugin: file,
    fingerprint: '',
    blocks: reason.severity === 'error',
  }));
}
