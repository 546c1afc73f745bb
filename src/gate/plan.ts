import { expandTokens, type Tokens, tokensFor } from '../build/tokens.ts';
import type { GateConfig, PluginConfig } from '../config/schema.ts';

/** One plugin for one target: the unit of work of the gate. */
export interface Job {
  readonly plugin: PluginConfig;
  /** `linux/amd64` */
  readonly target: string;
  readonly tokens: Tokens;
  /** Path of the artifact, tokens replaced, relative to the configuration file. */
  readonly artifact: string;
  /** The plugin's own settings, or else those for all plugins. */
  readonly baseline: GateConfig['baseline'];
  readonly signature: GateConfig['signature'];
  readonly sandbox: GateConfig['sandbox'];
  readonly rollback?: GateConfig['rollback'];
}

/**
 * The jobs of a configuration, in its order.
 * @param runner target of the machine that runs the gate, for plugins that name none
 * @param only names of plugins to keep; undefined keeps all
 * @throws UsageError for a path with unknown words in braces
 */
export function planJobs(config: GateConfig, runner: string, only?: readonly string[]): readonly Job[] {
  return config.plugins
    .filter(({ name }) => only === undefined || only.includes(name))
    .flatMap((plugin) =>
      (plugin.targets ?? [runner]).map((target): Job => {
        const tokens = tokensFor(plugin.name, target, plugin.version);
        const rollback = plugin.rollback ?? config.rollback;
        const artifact = expandTokens(plugin.artifact, tokens, `artifact of plugin ${plugin.name}`);
        return {
          plugin,
          target,
          tokens: { ...tokens, artifact },
          artifact,
          baseline: plugin.baseline ?? config.baseline,
          signature: plugin.signature ?? config.signature,
          sandbox: plugin.sandbox ?? config.sandbox,
          ...(rollback === undefined ? {} : { rollback }),
        };
      }),
    );
}

/** The runner's own target in Go's terms, from Node's names; undefined where the gate has no loader for it. */
export function runnerTarget(platform: NodeJS.Platform, architecture: string): string | undefined {
  if (platform !== 'linux') return undefined;
  switch (architecture) {
    case 'x64':
      return 'linux/amd64';
    case 'arm64':
      return 'linux/arm64';
    default:
      return undefined;
  }
}
