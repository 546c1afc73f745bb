import { writeFileSync } from 'node:fs';
import { type ConfigFiles, readConfigFiles } from '../config/read.ts';
import { EnvironmentError, UsageError } from '../errors.ts';
import { policyOfBase } from '../gate/base/policy.ts';
import { planJobs, runnerTarget } from '../gate/plan.ts';
import type { GateReport } from '../gate/report.ts';
import { type GateRequest, type GateRun, runGate } from '../gate/run.ts';
import { costs } from './cost.ts';
import { readEarlier, readPlan, readShardReports, sizesOf } from './files.ts';
import { mergeReports } from './merge.ts';
import { makePlan, type Plan } from './plan.ts';

type Where = Pick<GateRequest, 'configFile' | 'directory' | 'version' | 'source'>;

/** A file by its absolute path and by the name that the user gave. */
export interface NamedFile {
  readonly path: string;
  readonly shown: string;
}

/**
 * Makes the plan of a configuration and writes it.
 * @throws UsageError; EnvironmentError when it cannot be written
 */
export function planGate(
  where: Where,
  output: NamedFile,
  options: { readonly shards?: number; readonly earlier?: NamedFile },
): Plan {
  const config = readConfigFiles(where.configFile, where.directory);
  const jobs = planJobs(config.config, runnerTarget(process.platform, process.arch) ?? 'linux/amd64');
  const earlier = options.earlier && readEarlier(options.earlier.path, options.earlier.shown);
  const head = {
    tool: { name: 'plugin-gate' as const, version: where.version },
    config: { file: where.configFile, digest: config.digest },
    ...(where.source && { source: where.source }),
  };
  const plan = makePlan(head, costs(sizesOf(jobs, config.root), earlier), options.shards);
  try {
    writeFileSync(output.path, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw new EnvironmentError(
      `The plan cannot be written to ${output.shown}: ${error instanceof Error ? error.message : error}`,
    );
  }
  return plan;
}

function refuseOther(plan: Plan, { digest }: ConfigFiles, { configFile, version, source }: Where): void {
  if (plan.config.digest !== digest) {
    throw new UsageError(`The plan was made for another ${configFile} than the one that is here. Make it anew.`);
  }
  if (plan.tool.version !== version) {
    throw new UsageError(`The plan was made by plugin-gate ${plan.tool.version}, and this is ${version}.`);
  }
  if (plan.source?.commit !== source?.commit) {
    throw new UsageError('The plan was made for another commit than the one that is checked out. Make it anew.');
  }
}

/** Runs one shard of a plan; its report says which. @throws UsageError for a plan of something else, or no such shard */
export async function runShard(request: GateRequest, file: NamedFile, id: string): Promise<GateRun> {
  const plan = readPlan(file.path, file.shown);
  refuseOther(plan, readConfigFiles(request.configFile, request.directory), request);
  const shard = plan.shards.find((one) => one.id === id);
  if (shard === undefined) {
    throw new UsageError(`The plan has no shard ${id}; it has ${plan.shards[0]?.id} to ${plan.shards.at(-1)?.id}.`);
  }
  const { report, config } = await runGate({ ...request, shard: shard.jobs });
  return { report: { ...report, shard: { plan: plan.digest, id } }, config };
}

/** Brings the reports of a plan's shards together. @throws UsageError for a plan of something else */
export async function mergeShards(
  request: Omit<GateRequest, 'progress' | 'environment'>,
  file: NamedFile,
  reports: NamedFile,
): Promise<GateRun> {
  const plan = readPlan(file.path, file.shown);
  const own = readConfigFiles(request.configFile, request.directory);
  refuseOther(plan, own, request);
  const policy =
    request.base === undefined ? undefined : await policyOfBase(own, request.base, request.repository ?? own.root);
  const config = policy?.config ?? own;
  const report: GateReport = mergeReports({
    plan,
    reports: readShardReports(reports.path, reports.shown),
    policy: config.config.policy,
    waivers: config.waivers,
    today: request.now.toISOString().slice(0, 10),
    startedAt: request.now.toISOString(),
    version: request.version,
    ...(policy?.base && { base: policy.base }),
    ...(policy && { about: policy.findings }),
  });
  return { report, config };
}
