import type { ArtifactFacts, GateReport, PluginResult } from '../../gate/report.ts';
import { truncate } from '../../text/truncate.ts';
import { formatBytes } from '../../text/units.ts';
import { type SignedVerdict, signedOf } from '../signed.ts';
import { html, type Markup } from './markup.ts';

const MAX_ROWS = 300;

/** What was judged, byte for byte: the part that an auditor keeps. */
export function evidenceSection(report: GateReport): Markup {
  const { config, source, tool, startedAt } = report;
  return html`<section aria-labelledby="h-evidence">
<h2 id="h-evidence">What was judged</h2>
<dl class="facts">
${source?.repository !== undefined && html`<dt>Repository</dt><dd>${truncate(source.repository, 300)}</dd>`}
${source?.commit !== undefined && html`<dt>Commit</dt><dd><code>${truncate(source.commit, 64)}</code></dd>`}
${source?.ref !== undefined && html`<dt>Ref</dt><dd>${truncate(source.ref, 300)}</dd>`}
<dt>Configuration</dt><dd>${truncate(config.file, 300)}<br><code>${truncate(config.digest, 80)}</code></dd>
<dt>Started</dt><dd>${truncate(startedAt, 40)}</dd>
<dt>Program</dt><dd>plugin-gate ${truncate(tool.version, 60)}</dd>
${report.plugins.slice(0, MAX_ROWS).map(filesOf)}
</dl>
</section>`;
}

function filesOf(result: PluginResult): Markup {
  const { artifact, baseline } = result;
  const [signed] = signedOf([result]);
  if (artifact === undefined) return html``;
  const from =
    baseline === undefined
      ? ''
      : [baseline.version, baseline.source].filter((part) => part !== undefined).join(' from ');
  return html`<dt>${truncate(result.plugin, 120)} <span class="muted">${truncate(result.target, 60)}</span></dt><dd>${fileOf(artifact)}${baseline !== undefined && html`<p class="was"><span class="muted">previous: ${truncate(from, 300)}</span><br>${fileOf(baseline)}</p>`}${signed !== undefined && verdictOf(signed)}</dd>`;
}

/** What was signed about it, with what who deploys it pins. */
function verdictOf({ result, file, signer, policy }: SignedVerdict): Markup {
  return html`<p class="was"><span class="muted">signed verdict: ${result}${signer !== '' && html`, by ${truncate(signer, 200)}`}</span><br>${truncate(file, 300)}<br><span class="muted">policy</span> <code>${truncate(policy, 80)}</code></p>`;
}

function fileOf({ file, digest, size }: ArtifactFacts): Markup {
  return html`${truncate(file, 300)} <span class="muted">${formatBytes(size)}</span><br><code>${truncate(digest, 80)}</code>`;
}
