import type { BaselineConfig, GateConfig, PluginConfig, SandboxConfig, SignatureConfig } from './schema.ts';

/** What the words in braces stand for, for one plugin and target. */
export interface Tokens {
  readonly name: string;
  readonly os: string;
  readonly arch: string;
  /** Only where the plugin has one. */
  readonly version?: string;
  /** Path of the artifact, for the paths of signatures. */
  readonly artifact?: string;
}

/** @param target for example `linux/amd64` */
export function tokensFor(plugin: PluginConfig, target: string): Tokens {
  const [os = '', arch = ''] = target.split('/');
  return { name: plugin.name, os, arch, version: plugin.version };
}

/**
 * Replaces `{name}`, `{os}`, `{arch}`, `{version}` and `{artifact}`, once: what was put in is not looked at again.
 * Other braces stay, so that a command line may have its own.
 */
export function expandTokens(text: string, tokens: Tokens): string {
  return text.replaceAll(/\{(name|os|arch|version|artifact)\}/g, (whole, word: string) => {
    switch (word) {
      case 'name':
      case 'os':
      case 'arch':
        return tokens[word];
      case 'version':
      case 'artifact':
        return tokens[word] ?? whole;
      default:
        return whole;
    }
  });
}

/** The sections that hold for a plugin: its own, else those for all plugins. */
export function sectionsFor(
  config: GateConfig,
  plugin: PluginConfig,
): {
  readonly baseline: BaselineConfig | undefined;
  readonly signature: SignatureConfig | undefined;
  readonly sandbox: SandboxConfig;
} {
  return {
    baseline: plugin.baseline ?? config.baseline,
    signature: plugin.signature ?? config.signature,
    sandbox: plugin.sandbox ?? config.sandbox,
  };
}
