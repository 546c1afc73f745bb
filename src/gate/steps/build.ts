import { buildPlugin } from '../../build/build.ts';
import { type GateStep, skip } from '../known.ts';

/** Builds the plugin, when the configuration says how. */
export const buildStep: GateStep = async (job, _known, context) => {
  const { plugin, target } = job;
  if (plugin.build === undefined) return skip('no build is configured: the artifact is taken as it is');
  const outcome = await buildPlugin(
    {
      plugin: plugin.name,
      kind: plugin.kind,
      build: plugin.build,
      artifact: plugin.artifact,
      version: plugin.version,
      target,
      host: context.runner ?? 'unknown',
      root: context.root,
      repository: context.repository,
      environment: context.environment,
    },
    context.progress,
  );
  return { outcome, known: { artifact: outcome.artifact } };
};
