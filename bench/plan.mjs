#!/usr/bin/env node
// Plans and merges made-up projects of growing size: time, balance, memory.
//   node --experimental-strip-types bench/plan.mjs [plugins...]     (Node 24 needs no flag)
// No shard can be shorter than the longest job in it: `largest/best` is against that bound or the mean, whichever is more.
// Costs are spread as those of real plugins are: most are small, a few take a hundred times as long (log-normal).
import { performance } from 'node:perf_hooks';
import { renderJson } from '../src/report/json.ts';
import { parseReport } from '../src/report/schema.ts';
import { STEPS } from '../src/rules/finding.ts';
import { DEFAULT_POLICY } from '../src/rules/policy.ts';
import { mergeReports } from '../src/scale/merge.ts';
import { makePlan, parsePlan } from '../src/scale/plan.ts';

const sizes = process.argv.slice(2).map(Number);
const TARGETS = ['linux/amd64', 'linux/arm64'];
const DIGEST = `sha256:${'0'.repeat(64)}`;

let seed = 42;
function random() {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

/** Milliseconds; median 2 seconds, one in a hundred above 30. */
function cost() {
  const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return Math.max(1, Math.round(2000 * Math.exp(1.2 * normal)));
}

function timed(work) {
  const started = performance.now();
  const result = work();
  return [result, performance.now() - started];
}

function reportOf(plan, { id, jobs }) {
  const findings = jobs
    .filter((_, at) => at % 3 === 0)
    .map(({ plugin, target }, at) => ({
      rule: 'sym/added',
      severity: 'note',
      message: `new_${at} is new`,
      subject: `new_${at}`,
      plugin,
      target,
      step: 'compare',
      fingerprint: at.toString(16).padStart(32, '0'),
      blocks: false,
    }));
  return {
    schema: 'plugin-gate/report/v1',
    tool: plan.tool,
    verdict: 'pass',
    headline: 'Nothing blocks the release.',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    config: plan.config,
    shard: { plan: plan.digest, id },
    plugins: jobs.map(({ plugin, target }) => ({
      plugin,
      target,
      kind: 'elf',
      status: 'pass',
      artifact: { file: `${plugin}.so`, digest: DIGEST, size: 100_000 },
      steps: STEPS.map((step) => ({ step, status: 'pass', durationMs: 1, summary: 'done', evidence: { step } })),
      facts: { exported: 10 },
    })),
    findings,
    counts: { error: 0, warning: 0, note: findings.length, undecided: 0, waived: 0, blocking: 0 },
  };
}

console.log('plugins     jobs  shards  plan ms  largest/mean  largest/best  reports MB  read ms  merge ms');
for (const plugins of sizes.length > 0 ? sizes : [1250, 2500, 5000, 10_000]) {
  const jobs = Array.from({ length: plugins }, (_, at) =>
    TARGETS.map((target) => ({ plugin: `plugin-${at}`, target, cost: cost() })),
  ).flat();
  const head = { tool: { name: 'plugin-gate', version: '1.0.0' }, config: { file: 'plugin-gate.yml', digest: DIGEST } };
  const [plan, planMs] = timed(() => parsePlan(JSON.stringify(makePlan(head, jobs, 256))));
  const balance = ['amd64', 'arm64'].map((arch) => {
    const own = plan.shards.filter((shard) => shard.arch === arch).map((shard) => shard.cost);
    const mean = own.reduce((sum, one) => sum + one, 0) / own.length;
    const longest = Math.max(...jobs.filter(({ target }) => target.endsWith(arch)).map((job) => job.cost));
    return { toMean: Math.max(...own) / mean, toBest: Math.max(...own) / Math.max(mean, longest) };
  });
  const texts = plan.shards.map((shard) => renderJson(reportOf(plan, shard)));
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  const [reports, readMs] = timed(() => texts.map((text, at) => ({ from: `${at}`, report: parseReport(text) })));
  const [merged, mergeMs] = timed(() =>
    mergeReports({
      plan,
      reports,
      policy: DEFAULT_POLICY,
      waivers: [],
      today: '2026-01-01',
      startedAt: '2026-01-01T00:00:00.000Z',
      version: '1.0.0',
    }),
  );
  if (merged.verdict !== 'pass' || merged.plugins.length !== jobs.length) throw new Error('the merge lost something');
  const columns = [
    [plugins, 7],
    [jobs.length, 9],
    [plan.shards.length, 8],
    [planMs.toFixed(0), 9],
    [Math.max(...balance.map(({ toMean }) => toMean)).toFixed(3), 14],
    [Math.max(...balance.map(({ toBest }) => toBest)).toFixed(3), 14],
    [(bytes / 1e6).toFixed(1), 12],
    [readMs.toFixed(0), 9],
    [mergeMs.toFixed(0), 10],
  ];
  console.log(columns.map(([value, width]) => String(value).padStart(width)).join(''));
}
