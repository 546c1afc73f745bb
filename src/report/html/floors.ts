import type { GateReport, PluginResult } from '../../gate/report.ts';
import { truncate } from '../../text/truncate.ts';
import { html, type Markup, NOTHING } from './markup.ts';

type Oldest = NonNullable<PluginResult['facts']['oldest']>;
type Distribution = keyof Oldest;

/** Releases with the year and tenth in which they came out (wiki.debian.org, ubuntu.com/about/release-cycle, access.redhat.com). */
const RELEASES: Readonly<Record<Distribution, readonly (readonly [version: string, date: number])[]>> = {
  debian: [
    ['8', 2015.3],
    ['9', 2017.5],
    ['10', 2019.5],
    ['11', 2021.6],
    ['12', 2023.4],
    ['13', 2025.6],
  ],
  ubuntu: [
    ['14.04', 2014.3],
    ['16.04', 2016.3],
    ['18.04', 2018.3],
    ['20.04', 2020.3],
    ['22.04', 2022.3],
    ['24.04', 2024.3],
    ['26.04', 2026.3],
  ],
  rhel: [
    ['7', 2014.4],
    ['8', 2019.4],
    ['9', 2022.4],
    ['10', 2025.4],
  ],
};
const NAMES: Readonly<Record<Distribution, string>> = { debian: 'Debian', ubuntu: 'Ubuntu', rhel: 'RHEL' };
const ROWS = ['debian', 'ubuntu', 'rhel'] as const;
const FIRST_YEAR = 2014;
const LAST_YEAR = 2027;
const LEFT = 56;
const WIDTH = 340;
const ROW_HEIGHT = 36;
const MAX_CARDS = 60;

/** Which releases of the common systems can load each plugin, on a time line; plugins with the same answer share one. */
export function floorsSection({ plugins }: GateReport): Markup {
  const groups = new Map<string, PluginResult[]>();
  for (const result of plugins) {
    const { oldest, floors, oldFloors } = result.facts;
    if (oldest === undefined && floors === undefined) continue;
    const key = JSON.stringify([result.plugin, oldest, floors, oldFloors]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  if (groups.size === 0) return NOTHING;
  return html`<section aria-labelledby="h-floors">
<h2 id="h-floors">Oldest systems</h2>
<p class="muted">Filled dots are releases whose C and C++ libraries are new enough to load the plugin.</p>
<div class="cards">${[...groups.values()].slice(0, MAX_CARDS).map(card)}</div>
</section>`;
}

function card(results: readonly PluginResult[]): Markup {
  const [first] = results;
  if (first === undefined) return NOTHING;
  const targets = results.map(({ target }) => truncate(target, 60)).join(', ');
  const { oldest, floors = {}, oldFloors = {} } = first.facts;
  return html`<article class="card"><h3>${truncate(first.plugin, 120)} <span class="muted">${targets}</span></h3>
${oldest !== undefined && html`${timeline(oldest)}<p class="oldest">${sentence(oldest)}</p>`}
<ul class="floors">${Object.entries(floors)
    .slice(0, 12)
    .map(([library, version]) => floor(library, version, oldFloors[library]))}</ul></article>
`;
}

function floor(library: string, version: string, old: string | undefined): Markup {
  const before = old !== undefined && old !== version && html`<del>${truncate(old, 40)}</del> `;
  return html`<li><span class="muted">${truncate(library, 60)}</span> ${before}<b>${truncate(version, 40)}</b></li>`;
}

function sentence(oldest: Oldest): string {
  const known = ROWS.flatMap((row) => {
    const version = oldest[row];
    return version === null ? [] : [`${NAMES[row]} ${truncate(version, 40)}`];
  });
  const none = ROWS.filter((row) => oldest[row] === null).map((row) => NAMES[row]);
  const from = known.length === 0 ? 'No known release' : `From ${known.join(', ')}`;
  return none.length === 0 || known.length === 0 ? `${from}.` : `${from}; no release of ${none.join(', ')}.`;
}

function timeline(oldest: Oldest): Markup {
  const height = ROWS.length * ROW_HEIGHT + 20;
  const years = [2014, 2018, 2022, 2026].map(
    (year) =>
      html`<line class="year" x1="${x(year)}" x2="${x(year)}" y1="4" y2="${height - 18}"/><text class="axis" x="${x(year)}" y="${height - 4}">${year}</text>`,
  );
  const rows = ROWS.map((row, index) => lane(row, oldest[row], index * ROW_HEIGHT + 14));
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" aria-hidden="true">${years}${rows}</svg>`;
}

function lane(row: Distribution, oldest: string | null, y: number): Markup {
  const releases = RELEASES[row];
  // Versions of these systems compare as numbers. One that is no number is told by the sentence alone.
  const least = oldest === null ? Number.POSITIVE_INFINITY : Number(oldest);
  const start = releases.findIndex(([version]) => Number(version) >= least);
  const from = releases[start];
  const reach =
    from !== undefined && html`<line class="reach" x1="${x(from[1])}" x2="${WIDTH - 8}" y1="${y}" y2="${y}"/>`;
  const known = Number.isNaN(least) ? [] : releases;
  const dots = known.map(([version, date], index) => {
    const loads = start >= 0 && index >= start;
    const state = loads ? (version === oldest ? 'loads first' : 'loads') : 'not';
    return html`<circle class="${state}" cx="${x(date)}" cy="${y}" r="4.5"/><text class="release ${state}" x="${x(date)}" y="${y + 16}">${version}</text>`;
  });
  return html`<text class="system" x="0" y="${y + 4}">${NAMES[row]}</text><line class="rail" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y}" y2="${y}"/>${reach}${dots}`;
}

function x(date: number): string {
  return (LEFT + ((date - FIRST_YEAR) / (LAST_YEAR - FIRST_YEAR)) * (WIDTH - LEFT - 8)).toFixed(1);
}
