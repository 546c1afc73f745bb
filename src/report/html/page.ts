import { createHash } from 'node:crypto';
import type { GateReport, GateVerdict } from '../../gate/report.ts';
import { proseHtml } from '../../text/html.ts';
import { truncate } from '../../text/truncate.ts';
import { formatDuration, plural } from '../../text/units.ts';
import type { SourceLinks } from '../links.ts';
import { evidenceSection } from './evidence.ts';
import { findingsSection } from './findings.ts';
import { floorsSection } from './floors.ts';
import { favicon, icon, iconSheet, kindIcon } from './icons.ts';
import { html, type Markup, trusted } from './markup.ts';
import { pluginsSection } from './plugins.ts';
import { SCRIPT } from './script.ts';
import { sizesSection } from './sizes.ts';
import { stepsSection } from './steps.ts';
import { STYLE } from './style.ts';

export interface HtmlOptions {
  /** Where sources can be looked at; without it places are plain text. */
  readonly links?: SourceLinks;
}

const VERDICTS: Readonly<Record<GateVerdict, string>> = { pass: 'Pass', fail: 'Fail', undecided: 'Undecided' };

/**
 * The report as one HTML page that needs nothing else: style, script and pictures are inside, and its content security
 * policy allows nothing from anywhere. Light and dark, from 360 pixels wide, printable, usable without script.
 */
export function renderHtml(report: GateReport, options: HtmlOptions = {}): string {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${VERDICTS[report.verdict]}: plugin-gate${titleOf(report)}</title>
${favicon(report.verdict)}
<style>${trusted(STYLE)}</style>
</head>
<body>
${iconSheet()}
${banner(report)}
<main>
${pluginsSection(report)}
${findingsSection(report, options.links)}
${sizesSection(report)}
${floorsSection(report)}
${stepsSection(report)}
${evidenceSection(report)}
</main>
<footer>plugin-gate ${truncate(report.tool.version, 60)} · <code>plugin-gate explain RULE</code> tells why a rule exists and how to fix what it found</footer>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return page.markup;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function titleOf({ source }: GateReport): string {
  return source?.repository === undefined ? '' : ` · ${truncate(source.repository, 100)}`;
}

function banner(report: GateReport): Markup {
  return html`<header class="banner is-${report.verdict}"><div class="inner">
<p class="over">${overline(report)}</p>
<h1>${icon(report.verdict)}<span>${VERDICTS[report.verdict]}</span></h1>
<p class="headline">${trusted(proseHtml(truncate(report.headline, 2000)))}</p>
${chips(report)}
</div></header>`;
}

function overline({ source, startedAt, durationMs }: GateReport): string {
  const when = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(startedAt)
    ? `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`
    : '';
  const parts = [source?.repository, source?.commit?.slice(0, 10), when, formatDuration(durationMs)];
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => truncate(part ?? '', 100))
    .join(' · ');
}

/** Counts, each leading to its group. */
function chips({ counts }: GateReport): Markup {
  const words = { error: 'error', undecided: 'undecided', warning: 'warning', note: 'note', waived: 'waived' } as const;
  const kinds = ['error', 'undecided', 'warning', 'note', 'waived'] as const;
  const items = kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => {
      const word = kind === 'undecided' || kind === 'waived' ? words[kind] : `${words[kind]}s`;
      return html`<li><a href="#${kind}">${kindIcon(kind)}${plural(counts[kind], words[kind], word)}</a></li>`;
    });
  const off =
    counts.off !== undefined &&
    counts.off > 0 &&
    html`<li class="blocking">${plural(counts.off, 'switched off by the policy', 'switched off by the policy')}</li>`;
  if (items.length === 0 && off === false) return html`<p class="muted">No findings.</p>`;
  const blocking =
    counts.blocking > 0 &&
    html`<li class="blocking">${plural(counts.blocking, 'blocks the release', 'block the release')}</li>`;
  return html`<ul class="chips">${items}${blocking}${off}</ul>`;
}
