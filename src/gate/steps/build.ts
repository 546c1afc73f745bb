import { join } from 'node:path';
import { buildPlugin } from '../../build/build.ts';
import type { BuildRequest } from '../../build/request.ts';
import type { BuildConfig } from '../../config/schema.ts';
import type { Finding } from '../../rules/finding.ts';
import { type GateContext, type GateStep, skip } from '../known.ts';
import type { Job } from '../plan.ts';

/** Builds the plugin, when the configuration says how. */
export const buildStep: GateStep = async (job, _known, context) => {
  const { plugin } = job;
  if (plugin.build === undefined) return skip('no build is configured: the artifact is taken as it is');
  const outcome = await buildPlugin(buildRequest(job, plugin.build, context), context.progress);
  const findings = [...outcome.findings, ...(await buildAdvice(job, context))];
  return { outcome: { ...outcome, findings }, known: { artifact: outcome.artifact } };
};

/** What is asked of the builders for one job. */
export function buildRequest({ plugin, target }: Job, build: BuildConfig, context: GateContext): BuildRequest {
  return {
    plugin: plugin.name,
    kind: plugin.kind,
    build,
    artifact: plugin.artifact,
    version: plugin.version,
    target,
    host: context.runner ?? 'unknown',
    root: context.root,
    repository: context.repository,
    environment: context.environment,
  };
}

/** What the Go sources of the plugin, and of hosts that are built here, rest on and Go plugins do not do. */
export async function buildAdvice({ plugin }: Job, context: GateContext): Promise<readonly Finding[]> {
  if (plugin.kind === 'elf' || plugin.build === undefined) return [];
  const { adviseGo } = await import('../../golang/advice/advise.ts');
  const places = new Map<string, string>();
  for (const host of plugin.hosts) {
    if (host.package !== undefined) places.set(join(context.root, host.directory ?? '.'), 'none');
  }
  places.set(join(context.root, plugin.build.directory), plugin.build.go?.package ?? '.');
  const { repository, environment } = context;
  const found: Finding[] = [];
  for (const [directory, main] of places) {
    found.push(...(await adviseGo({ directory, repository, plugin: main, environment })));
  }
  return found;
}
