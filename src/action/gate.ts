import { relative, resolve } from 'node:path';
import type { GateReport } from '../gate/report.ts';
import { isBroken, runGate } from '../gate/run.ts';
import type { GitHubContext } from '../github/context.ts';
import { changeOf } from './base.ts';
import type { GateRequest, GateResult } from './run.ts';

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
  const change = await changeOf(context, workspace, request.env, request.onGitHub);
  const { report, config } = await runGate({
    configFile: relative(workspace, request.configFile),
    directory: workspace,
    repository: workspace,
    environment: request.env,
    progress: request.progress,
    version: request.version,
    now: new Date(),
    source: sourceOf(context),
    ...change,
  });
  const { directory, comment, key, checkRun } = config.config.report;
  return {
    report,
    broken: isBroken(report),
    settings: { directory: resolve(config.root, directory), comment, key, checkRun },
  };
}
