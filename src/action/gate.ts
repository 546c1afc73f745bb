import { relative, resolve } from 'node:path';
import type { GateReport } from '../gate/report.ts';
import type { CacheRequest } from '../gate/reuse/use.ts';
import { type GateRequest as Asked, type GateRun, isBroken, runGate } from '../gate/run.ts';
import type { GitHubContext } from '../github/context.ts';
import { programDigest } from '../installation.ts';
import { commitId } from '../process/git-files.ts';
import { changeOf } from './base.ts';
import { cacheUse } from './cache-use.ts';
import type { GateRequest, GateResult, PlanRequest } from './run.ts';

function sourceOf({ repository, headSha, ref }: GitHubContext): GateReport['source'] {
  return {
    ...(repository && { repository: `${repository.owner}/${repository.repo}` }),
    ...(headSha && { commit: headSha }),
    ...(ref && { ref }),
  };
}

/** The gate, with all files named from the root of the checkout, as GitHub names them. */
export async function gateInCheckout(request: GateRequest): Promise<GateResult> {
  const { workspace, context } = request;
  const tag = request.tag ?? context.release?.tag ?? /^refs\/tags\/(.+)$/.exec(context.ref ?? '')?.[1];
  const change = await changeOf(context, workspace, request.env, request.onGitHub);
  const { report, config } = await gateOrShard(request.part, {
    configFile: relative(workspace, request.configFile),
    directory: workspace,
    repository: workspace,
    environment: request.env,
    progress: request.progress,
    version: request.version,
    now: new Date(),
    source: sourceOf(context),
    secrets: request.secrets,
    ...(request.sign === undefined ? {} : { sign: request.sign }),
    openReleases: request.openReleases,
    // What goes into a branch or a release is checked whole.
    onlyChanged: request.onlyChanged === true && context.kind === 'pull-request',
    ...(tag === undefined ? {} : { tag }),
    fresh: context.pullRequest?.fork === true,
    ...(request.cache === undefined ? {} : { cache: await cacheOf(request.cache, tag, request) }),
    ...change,
  });
  const { directory, comment, key, checkRun, record } = config.config.report;
  return {
    report,
    broken: isBroken(report),
    settings: {
      directory: resolve(config.root, directory),
      comment,
      key,
      checkRun,
      ...(record === undefined ? {} : { record: resolve(config.root, record) }),
    },
  };
}

async function cacheOf(
  directory: string,
  tag: string | undefined,
  { context, workspace, env }: GateRequest,
): Promise<CacheRequest> {
  const checkedOut = await commitId(workspace, 'HEAD', env);
  return {
    directory,
    use: cacheUse(context, tag !== undefined, checkedOut),
    tool: programDigest(),
    ...(context.runUrl === undefined ? {} : { run: context.runUrl }),
  };
}

async function gateOrShard(part: GateRequest['part'], asked: Asked): Promise<GateRun> {
  if (part === undefined || part.mode === 'plan') return await runGate(asked);
  const { mergeShards, runShard } = await import('../scale/run.ts');
  const named = (path: string) => ({ path, shown: relative(asked.directory, path) });
  return part.mode === 'shard'
    ? await runShard(asked, named(part.plan), part.shard)
    : await mergeShards(asked, named(part.plan), named(part.reports));
}

/** Writes the plan of a gate that is spread over several jobs. @returns the matrix for them */
export async function planInCheckout(request: PlanRequest): Promise<string> {
  const { workspace, configFile, version, context, part } = request;
  const [{ planGate }, { matrixOf }] = await Promise.all([import('../scale/run.ts'), import('../scale/plan.ts')]);
  const where = {
    configFile: relative(workspace, configFile),
    directory: workspace,
    version,
    source: sourceOf(context),
  };
  const output = { path: part.plan, shown: relative(workspace, part.plan) };
  return matrixOf(planGate(where, output, part.shards === undefined ? {} : { shards: part.shards }));
}
