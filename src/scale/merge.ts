import type { GateReport, PluginResult } from '../gate/report.ts';
import { contradictionOf } from '../report/contradiction.ts';
import { type PlacedFinding, STEPS } from '../rules/finding.ts';
import { judge, statusOf } from '../rules/judge.ts';
import { finding } from '../rules/make.ts';
import type { Policy } from '../rules/policy.ts';
import type { Waiver } from '../rules/waivers.ts';
import { groupBy } from './group.ts';
import type { Plan } from './plan.ts';

/** A report that a shard left behind, or why it is none. */
export type ShardReport = { readonly from: string } & (
  | { readonly report: GateReport; readonly problem?: undefined }
  | { readonly report?: undefined; readonly problem: string }
);

export interface MergeRequest {
  readonly plan: Plan;
  /** In any order. */
  readonly reports: readonly ShardReport[];
  readonly policy: Policy;
  readonly waivers: readonly Waiver[];
  /** What judges, when this is a change to it; every shard must have used the same. */
  readonly base?: GateReport['policy'];
  /** What is to be said about the policy itself, whatever the shards say. */
  readonly about?: readonly PlacedFinding[];
  /** `YYYY-MM-DD`, UTC. */
  readonly today: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly version: string;
}

function jobKey(plugin: string, target: string): string {
  return JSON.stringify([plugin, target]);
}

/** Why a report cannot stand for a shard of the plan; undefined when it can. */
function problemOf(report: GateReport, request: MergeRequest): string | undefined {
  const { plan, base } = request;
  if (report.shard === undefined) return 'it is not the report of a shard';
  if (report.shard.plan !== plan.digest) return 'it was made for another plan';
  const shard = plan.shards.find(({ id }) => id === report.shard?.id);
  if (shard === undefined) return `the plan has no shard ${report.shard.id}`;
  if (report.config.digest !== plan.config.digest) return 'it was made with another configuration';
  if (report.source?.commit !== plan.source?.commit) return 'it is about another commit';
  if (report.policy?.commit !== base?.commit || report.policy?.digest !== base?.digest) {
    return 'it was judged by the policy of another commit';
  }
  if (report.tool.version !== plan.tool.version) return `it was made by plugin-gate ${report.tool.version}`;
  const wanted = new Set(shard.jobs.map(({ plugin, target }) => jobKey(plugin, target)));
  const there = report.plugins.map(({ plugin, target }) => jobKey(plugin, target));
  if (there.some((one) => !wanted.has(one))) return 'it has a plugin that the plan gives to another shard';
  if (there.length !== wanted.size || new Set(there).size !== there.length) return 'it lacks a plugin of the shard';
  const stray = report.findings.find(
    ({ plugin, target }) => plugin !== undefined && target !== undefined && !wanted.has(jobKey(plugin, target)),
  );
  if (stray !== undefined) return 'it has a finding on a plugin that the plan gives to another shard';
  const short = report.plugins.find(({ steps }) => STEPS.some((step) => !steps.some((one) => one.step === step)));
  if (short !== undefined) return `it does not have every step of ${short.plugin}`;
  return contradictionOf(report);
}

interface Sorted {
  readonly accepted: ReadonlyMap<string, GateReport>;
  readonly findings: readonly PlacedFinding[];
}

/** The one report of each shard, and a finding for everything that is missing, twice there or of something else. */
function sortReports(request: MergeRequest): Sorted {
  const accepted = new Map<string, GateReport>();
  const twice = new Set<string>();
  const findings: PlacedFinding[] = [];
  const refuse = (from: string, why: string) =>
    findings.push(finding('gate/shard-invalid', `The report ${from} is not used: ${why}.`, { subject: from }));

  for (const { from, report, problem } of request.reports) {
    if (report === undefined) {
      refuse(from, problem);
      continue;
    }
    const why = problemOf(report, request);
    const id = report.shard?.id;
    if (why !== undefined || id === undefined) refuse(from, why ?? 'it names no shard');
    else if (accepted.has(id) || twice.has(id)) {
      // Neither is better than the other: whoever can add a report must not be able to choose.
      twice.add(id);
      accepted.delete(id);
      refuse(from, `there is another report of the shard ${id}`);
    } else accepted.set(id, report);
  }
  for (const { id, jobs } of request.plan.shards) {
    if (accepted.has(id)) continue;
    const names = jobs.slice(0, 5).map(({ plugin, target }) => `${plugin} for ${target}`);
    const more = jobs.length > 5 ? ` and ${jobs.length - 5} more` : '';
    findings.push(
      finding(
        'gate/shard-missing',
        `There is no report of the shard ${id}, so nothing is known of ${names.join(', ')}${more}.`,
        {
          subject: id,
        },
      ),
    );
  }
  return { accepted, findings };
}

/** A finding as it was before policy and waivers; its severity stays what the policy of the shard, the same one, made it. */
function unjudged({
  fingerprint: _,
  blocks: __,
  waiver: ___,
  ...plain
}: GateReport['findings'][number]): PlacedFinding {
  return plain;
}

/** Findings of shards: what each says of the policy itself is told once, and of waivers only the whole can tell. */
function findingsOf(about: readonly PlacedFinding[], reports: readonly GateReport[]): PlacedFinding[] {
  const told = new Set<string>();
  const all: PlacedFinding[] = [];
  for (const findings of [about, ...reports.map((report) => report.findings.map(unjudged))]) {
    for (const one of findings) {
      if (one.rule.startsWith('policy/waiver-')) continue;
      if (one.rule.startsWith('policy/')) {
        const identity = JSON.stringify([one.rule, one.subject, one.plugin, one.message]);
        if (told.has(identity)) continue;
        told.add(identity);
      }
      all.push(one);
    }
  }
  return all;
}

/** A plugin without a file that could be looked at, and with nothing that says why. */
function unseenOf(plugins: readonly PluginResult[], blocked: ReadonlySet<string>): PlacedFinding[] {
  return plugins
    .filter(({ plugin, target, artifact }) => artifact === undefined && !blocked.has(jobKey(plugin, target)))
    .map(({ plugin, target }) => {
      const message = `No file of the plugin ${plugin} could be read for ${target}, so nothing of it was checked.`;
      return { ...finding('gate/not-checked', message, { subject: plugin }), plugin, target, step: 'read' };
    });
}

/**
 * Brings the reports of all shards together into one, judged as a whole by the policy: what a shard says of its own
 * verdict does not count. Pure.
 */
export function mergeReports(request: MergeRequest): GateReport {
  const { plan, policy, waivers, today } = request;
  const { accepted, findings: about } = sortReports(request);
  const inOrder = plan.shards.flatMap(({ id }) => accepted.get(id) ?? []);
  const plugins = inOrder.flatMap((report) => report.plugins);
  const findings = [...about, ...findingsOf(request.about ?? [], inOrder)];
  const only = accepted.size === plan.shards.length ? undefined : [];

  const first = judge(findings, policy, waivers, today, only);
  const blocked = new Set(
    first.findings.flatMap(({ blocks, plugin, target }) =>
      blocks && plugin && target ? [jobKey(plugin, target)] : [],
    ),
  );
  const unseen = unseenOf(plugins, blocked);
  const judgement = unseen.length === 0 ? first : judge([...findings, ...unseen], policy, waivers, today, only);
  const own = groupBy(judgement.findings, ({ plugin = '', target = '' }) => jobKey(plugin, target));
  return {
    schema: 'plugin-gate/report/v1',
    tool: { name: 'plugin-gate', version: request.version },
    verdict: judgement.verdict,
    headline: judgement.headline,
    startedAt: request.startedAt,
    durationMs: inOrder.reduce((most, { durationMs }) => Math.max(most, durationMs), 0),
    config: plan.config,
    ...(plan.source === undefined ? {} : { source: plan.source }),
    ...(request.base === undefined ? {} : { policy: request.base }),
    plugins: plugins.map((one) => withStatus(one, own.get(jobKey(one.plugin, one.target)) ?? [])),
    findings: judgement.findings,
    counts: judgement.counts,
  };
}

function withStatus(result: PluginResult, findings: GateReport['findings']): PluginResult {
  return {
    ...result,
    status: statusOf(findings),
    steps: result.steps.map((one) => {
      const status = statusOf(findings.filter(({ step }) => step === one.step));
      return { ...one, status: one.status === 'skipped' && status === 'pass' ? 'skipped' : status };
    }),
  };
}
