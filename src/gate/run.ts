import { fileDigests } from '../artifact/file-digests.ts';
import type { OpenReleases } from '../baseline/release-source.ts';
import { type ConfigFiles, readConfigFiles } from '../config/read.ts';
import { EnvironmentError, UsageError } from '../errors.ts';
import type { CommitFiles } from '../process/git-files.ts';
import type { PlacedFinding, Step } from '../rules/finding.ts';
import { type Judgement, judge } from '../rules/judge.ts';
import type { Policy } from '../rules/policy.ts';
import { withoutTokenSource } from '../verdict/id-token.ts';
import { openSigner, type SignerOutcome, secretNames } from '../verdict/signer.ts';
import { decidingFiles, trustedFiles } from './base/files.ts';
import { policyOfBase } from './base/policy.ts';
import { type Brought, bringBaselines } from './brought.ts';
import { decide } from './decide.ts';
import { deliver } from './deliver.ts';
import { type RanJob, runJob } from './job.ts';
import type { GateContext, GateStep } from './known.ts';
import { leftOut } from './left-out.ts';
import { beforeLoading, type Cleared, loadTogether } from './load-together.ts';
import { type Job, planJobs, runnerTarget } from './plan.ts';
import { pluginResult } from './plugin-result.ts';
import { prepareJob } from './prepare.ts';
import type { GateReport } from './report.ts';
import { openReuse } from './reuse/open.ts';
import type { CacheRequest } from './reuse/use.ts';
import { currentTrustFor } from './signature/current-trust.ts';
import type { Progress } from './step.ts';
import { buildStep } from './steps/build.ts';
import { compareStep } from './steps/compare.ts';
import { fitStep } from './steps/fit.ts';
import { loadStep } from './steps/load.ts';
import { readStep } from './steps/read.ts';
import { verifyStep } from './steps/verify.ts';
import { unseen } from './unseen.ts';

/** The steps in the order in which they run; see the design page in docs/architecture.md. */
const GATE: readonly (readonly [Step, GateStep])[] = [
  ['build', buildStep],
  ['read', readStep],
  ['compare', compareStep],
  ['fit', fitStep],
  ['verify', verifyStep],
  ['load', loadStep],
];

export interface GateRequest {
  /** As the user gave it, relative to `directory`. */
  readonly configFile: string;
  /** Absolute path that the user's paths start from. */
  readonly directory: string;
  /** Absolute path of the repository; places in sources are relative to it. The configuration's directory unless given. */
  readonly repository?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly version: string;
  readonly now: Date;
  /** Names of plugins; all unless given. */
  readonly only?: readonly string[];
  readonly source?: GateReport['source'];
  /** The commit whose policy judges, when this is a change to it; without it, the configuration judges itself. */
  readonly base?: CommitFiles;
  /** The commit of the change, to tell what it brings from what a step before the gate put there. */
  readonly head?: CommitFiles;
  /** Plugins and targets that this run is for, when it is one of several; all unless given. */
  readonly shard?: readonly JobName[];
  /** Only plugins that the change touches; all, when that is not known. Means something with `base` and `head`. */
  readonly onlyChanged?: boolean;
  /** How releases on GitHub are asked for; without it, none can be. */
  readonly openReleases?: OpenReleases;
  /** Tag that the run is for: that of a release, or one that was pushed. */
  readonly tag?: string;
  /**
   * Whether the verdict is signed when the configuration has the section; unless given, not for a change that is judged
   * by the policy of a base: what nobody merged is no release.
   */
  readonly sign?: boolean;
  /** Results of earlier runs that may stand for steps with the same inputs; none unless given, and none for what is signed. */
  readonly cache?: CacheRequest;
  /** Previous releases are fetched anew, whatever earlier runs kept of them; so it is for a tag and for what is signed. */
  readonly fresh?: boolean;
  /** Variables that only the signing sees; those of `environment` unless given. */
  readonly secrets?: Readonly<Record<string, string | undefined>>;
}

/** One job by its names. */
export interface JobName {
  readonly plugin: string;
  readonly target: string;
}

export interface GateRun {
  readonly report: GateReport;
  readonly config: ConfigFiles;
}

/**
 * The whole gate: configuration, every step for every plugin and target, the policy's judgement.
 * @throws UsageError (a ConfigError with all its problems) for a wrong configuration; EnvironmentError where the
 *   machine cannot run the gate at all
 */
export async function runGate(request: GateRequest): Promise<GateRun> {
  const started = performance.now();
  const own = readConfigFiles(request.configFile, request.directory);
  const repository = request.repository ?? own.root;
  const policy = request.base === undefined ? undefined : await policyOfBase(own, request.base, repository);
  const config = policy?.config ?? own;
  const runner = runnerTarget(process.platform, process.arch);
  if (runner === undefined && config.config.plugins.some(({ targets }) => targets === undefined)) {
    throw new EnvironmentError(
      `plugin-gate runs on linux amd64 and arm64, not on ${process.platform} ${process.arch}. Name the targets of every plugin to check prebuilt files here.`,
    );
  }
  const names = config.config.plugins.map(({ name }) => name);
  const unknown = (request.only ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no plugin ${unknown.join(', ')} in ${request.configFile}; there are ${names.join(', ')}.`,
    );
  }
  const { verdict } = config.config;
  const signer =
    verdict === undefined || !(request.sign ?? request.base === undefined)
      ? undefined
      : openSigner(verdict, config.root, request.secrets ?? request.environment);
  const digests = fileDigests();
  const context: GateContext = {
    root: config.root,
    repository,
    runner,
    environment: withoutSecrets(request.environment, verdict),
    progress: request.progress,
    today: request.now,
    digests,
    jobs: planJobs(config.config, runner ?? 'unknown'),
  };
  const asked = planJobs(config.config, runner ?? 'unknown', request.only).filter((job) =>
    isWanted(job, request.shard),
  );
  if (asked.length === 0)
    throw new UsageError('There is nothing to check: no plugin and target of the configuration was asked for.');
  const { base, head } = request;
  const change = await leftOut(asked, config, repository, request);
  const jobs = asked.filter(({ plugin }) => !change.unchanged.has(plugin.name));
  const trusted =
    base === undefined || policy?.base === undefined
      ? undefined
      : await trustedFiles(decidingFiles(jobs), config, repository, base, head, request.environment.RUNNER_TEMP);
  const { session, note } = await openReuse(request.cache, signer !== undefined, GATE, {
    ...request,
    repository,
    digests,
  });
  let brought: Brought | undefined;
  try {
    const { openReleases, tag } = request;
    brought = await bringBaselines(jobs, context, {
      ...(openReleases === undefined ? {} : { openReleases }),
      ...(tag === undefined ? {} : { tag }),
      fresh: request.fresh === true || tag !== undefined || signer !== undefined,
    });
    const { outcomes } = brought;
    const currentTrust = await currentTrustFor(jobs, context);
    const prepared = jobs.map((job, at) => {
      const known = prepareJob(job, config.root, trusted?.rootOf, outcomes[at], digests);
      return [job, currentTrust === undefined ? known : { ...known, currentTrust }] as const;
    });
    const cleared: Cleared[] = [];
    const keep: (() => void)[] = [];
    for (const [job, known] of prepared) {
      const reuse = await session?.of(job);
      const { first, last } = beforeLoading(reuse?.steps ?? GATE);
      cleared.push({ ran: await runJob(job, known, first, context), last });
      if (reuse !== undefined) keep.push(() => reuse.keep());
    }
    const ran = await loadTogether(cleared, context);
    for (const leave of keep) leave();
    await session?.close();
    const about = [...(policy?.findings ?? []), ...(trusted?.findings ?? []), ...change.findings];
    const report = await delivered(ran, about, config, request, started, signer);
    const more = {
      ...(policy?.base === undefined ? {} : { policy: policy.base }),
      ...(note === undefined ? {} : { cache: { note } }),
    };
    return { report: { ...report, ...more }, config };
  } finally {
    request.progress.end();
    await trusted?.remove();
    await brought?.remove();
  }
}

function isWanted({ plugin, target }: Job, shard: GateRequest['shard']): boolean {
  return shard === undefined || shard.some((one) => one.plugin === plugin.name && one.target === target);
}

function withoutSecrets(
  environment: GateRequest['environment'],
  verdict: ConfigFiles['config']['verdict'],
): GateRequest['environment'] {
  const secret = new Set(verdict === undefined ? [] : secretNames(verdict));
  const rest = Object.entries(withoutTokenSource(environment)).filter(([name]) => !secret.has(name));
  return Object.fromEntries(rest);
}

/** The report, after each decision was signed and recorded as the configuration asks. */
async function delivered(
  ran: readonly RanJob[],
  about: readonly PlacedFinding[],
  config: ConfigFiles,
  request: GateRequest,
  started: number,
  signer: SignerOutcome | undefined,
): Promise<GateReport> {
  const report = reportOf(ran, about, config, request, started);
  if (signer === undefined && config.config.report.record === undefined) return report;
  const decisions = decide({
    ran,
    plugins: report.plugins,
    raw: [...about, ...ran.flatMap((job) => job.findings)],
    strict: judgementOf(ran, about, config, request, { ...config.config.policy, undecided: 'fail' }).findings,
    config,
    tool: request.version,
    source: request.source,
    time: new Date(request.now.getTime() + report.durationMs).toISOString(),
  });
  const { findings, verdicts } = await deliver(decisions, signer, config, request.progress);
  const complete = findings.length === 0 ? report : reportOf(ran, [...about, ...findings], config, request, started);
  return {
    ...complete,
    plugins: complete.plugins.map((one, at) => {
      const verdict = verdicts[at];
      return verdict === undefined ? one : { ...one, verdict };
    }),
  };
}

function reportOf(
  ran: readonly RanJob[],
  about: readonly PlacedFinding[],
  config: ConfigFiles,
  request: GateRequest,
  started: number,
): GateReport {
  const judgement = judgementOf(ran, about, config, request);
  return {
    schema: 'plugin-gate/report/v1',
    tool: { name: 'plugin-gate', version: request.version },
    verdict: judgement.verdict,
    headline: judgement.headline,
    startedAt: request.now.toISOString(),
    durationMs: Math.round(performance.now() - started),
    config: { file: request.configFile, digest: config.digest },
    ...(request.source === undefined ? {} : { source: request.source }),
    plugins: ran.map((one) => pluginResult(one, judgement.findings)),
    findings: judgement.findings,
    counts: judgement.counts,
  };
}

/** @param about findings about the change of the policy itself, and about the verdict */
function judgementOf(
  ran: readonly RanJob[],
  about: readonly PlacedFinding[],
  config: ConfigFiles,
  request: GateRequest,
  policy: Policy = config.config.policy,
): Judgement {
  const today = request.now.toISOString().slice(0, 10);
  const findings = [...about, ...ran.flatMap((job) => job.findings)];
  // A shard sees too little to call a waiver unused.
  const only = request.shard === undefined && request.onlyChanged !== true ? request.only : [];
  const first = judge(findings, policy, config.waivers, today, only);
  const missed = unseen(ran, first.findings);
  return missed.length === 0 ? first : judge([...findings, ...missed], policy, config.waivers, today, only);
}

/** Whether the machine or the gate itself failed: then the exit code says so, whatever the verdict. */
export function isBroken({ findings }: GateReport): boolean {
  return findings.some(({ rule }) => rule === 'gate/environment' || rule === 'gate/internal');
}
