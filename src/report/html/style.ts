/** The style of the page: system fonts, one column, colour for status alone. Its hash stands in the page's policy. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f7f7f5; --card: #fff; --text: #1d1f23; --muted: #5d626a; --line: #e2e2dd; --rail: #e6e6e1;
  --pass: #1b6e45; --warn: #8a5a00; --fail: #b3261e; --undecided: #6b4fa0; --note: #2f5d8a; --ink: #fff;
  --fail-bg: #fbeceb; --pass-bg: #e9f4ee; --undecided-bg: #f1edf8; --code: #f0f0ec; --bar: #7d93ab; --grew: #b3701d;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #15171a; --card: #1c1f23; --text: #e4e6e8; --muted: #9ba1a9; --line: #2d3136; --rail: #2d3136;
    --pass: #6cc795; --warn: #e3b04b; --fail: #f28b82; --undecided: #bda6ec; --note: #8ab4e0; --ink: #15171a;
    --fail-bg: #2c1b1b; --pass-bg: #17251d; --undecided-bg: #231e2e; --code: #272b30; --bar: #6f869e; --grew: #d69a4a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', sans-serif; overflow-wrap: anywhere; }
main, .inner, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, h3, p, ul, ol, dl, dd, pre, table, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
code, pre { font-family: var(--mono); font-size: .86em; }
a { color: var(--note); text-underline-offset: .18em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--note); outline-offset: 2px; border-radius: 3px; }
[hidden] { display: none !important; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.sheet { position: absolute; }
.muted { color: var(--muted); font-weight: 400; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.icon { width: 1rem; height: 1rem; flex: none; fill: currentColor; vertical-align: -.14em; }
.icon .ink, symbol .ink { fill: none; stroke: var(--ink); stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
symbol .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.is-pass { --status: var(--pass); } .is-warn, .is-warning { --status: var(--warn); } .is-fail, .is-error { --status: var(--fail); }
.is-undecided { --status: var(--undecided); } .is-note { --status: var(--note); } .is-waived, .is-skipped { --status: var(--muted); }
.icon { color: var(--status); }

.banner { border-bottom: 1px solid var(--line); border-top: 4px solid var(--status); padding: 1.75rem 0 1.6rem; }
.banner.is-fail { background: var(--fail-bg); } .banner.is-pass { background: var(--pass-bg); } .banner.is-undecided { background: var(--undecided-bg); }
.over { font-size: .85rem; color: var(--muted); }
h1 { display: flex; align-items: center; gap: .6rem; font-size: 2.1rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 680; color: var(--status); margin: .35rem 0 .5rem; }
h1 .icon { width: 2rem; height: 2rem; }
.headline { font-size: 1.12rem; max-width: 46rem; text-wrap: pretty; }
.chips { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1.1rem; font-size: .9rem; align-items: center; }
.chips a { display: inline-flex; align-items: center; gap: .45rem; padding: .25rem .7rem .25rem .55rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card); color: inherit; text-decoration: none; }
.chips a:hover { border-color: var(--muted); }
.blocking { color: var(--muted); padding-left: .3rem; }

main > section { margin-top: 2.6rem; }
h2 { font-size: 1.25rem; letter-spacing: -.01em; font-weight: 650; margin-bottom: .8rem; }
h2 + .muted { margin: -.5rem 0 .9rem; font-size: .9rem; }
.advice { margin: .7rem 0 0; font-size: .95rem; }
h3 { font-size: 1rem; font-weight: 620; }

.grid { width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; font-size: .93rem; }
.grid th, .grid td { padding: .6rem .5rem; text-align: left; border-top: 1px solid var(--line); font-weight: 400; }
.grid thead th { border-top: 0; font-size: .8rem; color: var(--muted); padding-block: .5rem; }
.grid th:first-child { padding-left: 1rem; } .grid td:last-child, .grid th:last-child { padding-right: 1rem; }
.grid .mark { text-align: center; width: 4.6rem; overflow-wrap: normal; } .grid .mark .icon { width: 1.15rem; height: 1.15rem; }
.grid .num { text-align: right; } .grid .wide, .grid thead th { overflow-wrap: normal; }
.name b { margin-right: .35rem; font-weight: 600; }

.group { margin-top: 1.6rem; } .group:first-of-type { margin-top: 0; }
.group h3 { margin-bottom: .6rem; }
.count { color: var(--muted); font-weight: 400; font-size: .9rem; margin-left: .15rem; }
.filter { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin-bottom: 1.2rem; }
.filter input { flex: 1 1 14rem; min-width: 0; font: inherit; font-size: .95rem; padding: .42rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: inherit; }
.filter button { font: inherit; font-size: .9rem; padding: .42rem .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: inherit; cursor: pointer; }
.filter output:empty { display: none; }
.filter button:hover { border-color: var(--muted); }
.finding { background: var(--card); border: 1px solid var(--line); border-left: 3px solid var(--status); border-radius: 8px; margin-bottom: .55rem; }
.finding > summary { display: flex; gap: .7rem; padding: .75rem 2.2rem .8rem .9rem; cursor: pointer; list-style: none; position: relative; }
summary::-webkit-details-marker { display: none; }
.finding > summary::after, .steps > summary::after { content: ''; position: absolute; right: 1.05rem; top: 1.15rem; width: .42rem; height: .42rem; border: solid var(--muted); border-width: 0 1.5px 1.5px 0; transform: rotate(45deg); }
.finding[open] > summary::after, .steps[open] > summary::after { transform: translateY(.2rem) rotate(225deg); }
.finding > summary > .icon { margin-top: .22rem; }
.sum { min-width: 0; flex: 1; } .head { display: block; font-size: .86rem; } .head code { font-size: .95em; font-weight: 600; }
.head .muted { margin-left: .3rem; }
.tag { border: 1px solid var(--status); color: var(--status); border-radius: 4px; padding: 0 .35rem; font-size: .75rem; margin-left: .3rem; white-space: nowrap; }
.message { display: block; margin-top: .1rem; }
.message code, .fix code, .why code, footer code { background: var(--code); border-radius: 4px; padding: .08em .3em; }
.body { padding: 0 1rem 1rem 2.65rem; }
.body dl, .facts { display: grid; grid-template-columns: 5.2rem minmax(0, 1fr); gap: .45rem .8rem; font-size: .93rem; }
dt { color: var(--muted); } dd { min-width: 0; }
.change { display: flex; flex-wrap: wrap; gap: .4rem; }
.change del, .change ins { text-decoration: none; padding: .05rem .45rem; border-radius: 4px; border: 1px solid; white-space: pre-wrap; }
.change del { color: var(--fail); background: var(--fail-bg); border-color: color-mix(in srgb, var(--fail) 30%, transparent); }
.change ins { color: var(--pass); background: var(--pass-bg); border-color: color-mix(in srgb, var(--pass) 30%, transparent); }
.change del::before { content: '− '; } .change ins::before { content: '+ '; }
.path li { display: inline; } .path li + li::before { content: ' › '; color: var(--muted); }
.names { display: flex; flex-wrap: wrap; gap: .15rem .9rem; }
.more summary { cursor: pointer; color: var(--note); } .more .names { margin-top: .3rem; }
.body pre { margin-top: .9rem; padding: .75rem .9rem; background: var(--code); border-radius: 6px; overflow-x: auto; line-height: 1.45; overflow-wrap: normal; tab-size: 4; }
.why { margin-top: .9rem; padding-top: .8rem; border-top: 1px solid var(--line); font-size: .9rem; color: var(--muted); text-wrap: pretty; }
.controls { display: flex; flex-wrap: wrap; gap: .35rem; margin-top: .55rem; font-size: .76rem; color: var(--muted); }
.controls li { border: 1px solid var(--line); border-radius: 4px; padding: .02rem .4rem; }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: .8rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem 1rem; min-width: 0; }
.card h3 { font-size: .95rem; margin-bottom: .6rem; }
.bars + .bars { margin-top: .6rem; padding-top: .6rem; border-top: 1px dashed var(--line); }
.bar { display: grid; grid-template-columns: 3.1rem minmax(0, 1fr) 4.3rem 4.2rem; gap: .6rem; align-items: center; font-size: .82rem; line-height: 1.65; }
.bar .label, .change-num { color: var(--muted); }
.plot { display: block; overflow: visible; } .rail { fill: var(--rail); stroke: none; } .fill { fill: var(--bar); } .grew { fill: var(--grew); } .shrank { fill: none; stroke: var(--bar); stroke-dasharray: 2 2; }
.key { display: inline-block; width: .95rem; height: .6rem; margin: 0 .15rem 0 .6rem; }
.s-build { fill: #7d93ab; } .s-read { fill: #4d7f7a; } .s-compare { fill: #b3701d; } .s-fit { fill: #8a6fb0; } .s-verify { fill: #5b8a4a; } .s-load { fill: #b0566a; }
.timeline { display: block; width: 100%; max-width: 27rem; height: auto; }
.timeline text { font: 10.5px system-ui, sans-serif; fill: var(--muted); } .timeline .axis, .timeline .release { text-anchor: middle; font-size: 9.5px; }
.timeline .system { font-size: 12px; fill: var(--text); } .timeline .axis { fill: var(--muted); }
.timeline line.rail { stroke: var(--rail); stroke-width: 2; } .timeline .year { stroke: var(--line); stroke-width: 1; stroke-dasharray: 2 3; }
.timeline .reach { stroke: var(--pass); stroke-width: 2.5; } .timeline circle.loads { fill: var(--pass); stroke: var(--card); stroke-width: 1.5; } .timeline circle.not { fill: var(--card); stroke: var(--muted); stroke-width: 1.3; }
.timeline text.first { fill: var(--text); font-weight: 700; }
.oldest { font-size: .88rem; margin: .2rem 0 .5rem; }
.floors { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .85rem; } .floors b { font-weight: 600; } .floors del { color: var(--muted); }

.steps { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin-bottom: .5rem; }
.steps > summary { display: grid; grid-template-columns: minmax(0, 15rem) minmax(0, 1fr) 5.2rem; gap: .8rem; align-items: center; padding: .6rem 2.4rem .6rem 1rem; cursor: pointer; list-style: none; position: relative; font-size: .95rem; }
.steps > summary::after { top: .95rem; } .steps > summary .num { color: var(--muted); } .steps > summary b { font-weight: 600; }
.steps ul { padding: .1rem 1rem .7rem; }
.steps li { display: grid; grid-template-columns: 1rem minmax(0, 1fr) minmax(4rem, 9rem) 5.2rem; gap: .7rem; align-items: center; padding: .3rem 0; font-size: .9rem; border-top: 1px solid var(--line); }
.steps .step b { display: inline-block; min-width: 4.6rem; font-weight: 600; } .what { color: var(--muted); }
.facts { grid-template-columns: minmax(6rem, 13rem) minmax(0, 1fr); background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; row-gap: .7rem; }
.facts dt { color: inherit; font-weight: 600; } .was { margin-top: .35rem; }
.facts code { color: var(--muted); font-size: .8em; }
footer { padding-top: 2.2rem; padding-bottom: 2.5rem; font-size: .85rem; color: var(--muted); }

@media (max-width: 62rem) { .grid .mark { width: 3.9rem; padding-inline: .2rem; } }
@media (max-width: 53rem) {
  .grid, .grid tbody { display: block; background: none; border: 0; border-radius: 0; overflow: visible; } .grid thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .grid tr { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .6rem .55rem; margin-bottom: .55rem; row-gap: .5rem; }
  .grid th, .grid td, .grid th:first-child, .grid td:last-child { border: 0; padding: 0 .2rem; }
  .grid .name { grid-column: 1 / -1; } .grid .mark { width: auto; }
  .grid td.mark::after { content: attr(data-label); display: block; font-size: .66rem; color: var(--muted); letter-spacing: -.01em; }
  .grid .wide { grid-column: span 3; text-align: left; font-size: .85rem; } .grid .num.wide { text-align: right; }
}
@media (max-width: 46rem) {
  main, .inner, footer { padding-left: .9rem; padding-right: .9rem; }
  h1 { font-size: 1.75rem; } h1 .icon { width: 1.7rem; height: 1.7rem; } .headline { font-size: 1.04rem; }
  .body { padding: 0 .9rem .9rem; } .body dl, .facts { grid-template-columns: minmax(0, 1fr); row-gap: .1rem; } dd { margin-bottom: .5rem; }
  .bar { grid-template-columns: 2.9rem minmax(0, 1fr) 4rem 3.6rem; gap: .4rem; font-size: .78rem; }
  .steps > summary { grid-template-columns: minmax(0, 1fr) 5.2rem; } .steps > summary .plot { grid-column: 1 / -1; grid-row: 2; }
  .steps li { grid-template-columns: 1rem minmax(0, 1fr) 4.6rem; } .steps li .plot { display: none; } .steps .step b { display: block; }
  .card, .steps ul { padding-left: .8rem; padding-right: .8rem; }
}
@media print {
  :root { --bg: #fff; --card: #fff; } body { font-size: 10.5pt; } .filter, .finding > summary::after, .steps > summary::after { display: none; }
  .finding, .card, .steps li, .grid tr { break-inside: avoid; } .banner { background: none !important; } a { color: inherit; }
  main, .inner, footer { max-width: none; padding: 0; } pre { white-space: pre-wrap; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media (forced-colors: active) { .icon { forced-color-adjust: none; } }
`;
