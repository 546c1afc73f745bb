import type { GateConfig, PluginConfig } from '../../config/schema.ts';

/**
 * The configuration that judges a change: what is released, and how it is built, is the change's; what is asked of it is
 * the base's. Keys that this file does not name are the base's too. What the change asks on top (symbols, hosts) is
 * asked as well.
 */
export function judgedBy(base: GateConfig, head: GateConfig): GateConfig {
  return {
    ...base,
    plugins: head.plugins.map((plugin) => {
      const known = base.plugins.find(({ name }) => name === plugin.name);
      return known === undefined ? addedPlugin(plugin, base) : knownPlugin(known, plugin);
    }),
  };
}

function knownPlugin(base: PluginConfig, head: PluginConfig): PluginConfig {
  const { name, kind, artifact, build, targets, version } = head;
  const { build: _, targets: __, version: ___, ...asked } = base;
  const required = [
    ...base.symbols.required,
    ...head.symbols.required.filter((one) => !base.symbols.required.includes(one)),
  ];
  const hosts = [...base.hosts, ...head.hosts.filter((host) => !base.hosts.some((one) => one.name === host.name))];
  return {
    ...asked,
    name,
    kind,
    artifact,
    symbols: { ...base.symbols, required },
    hosts,
    ...(build === undefined
      ? {}
      : { build: { ...build, reproducible: build.reproducible || base.build?.reproducible === true } }),
    ...(targets === undefined ? {} : { targets }),
    ...(version === undefined ? {} : { version }),
  };
}

/** There is nothing to compare a new plugin with, so its own baseline holds; signature and sandbox are those of all. */
function addedPlugin(head: PluginConfig, base: GateConfig): PluginConfig {
  const { signature, sandbox: _, ...plugin } = head;
  return base.signature === undefined && signature !== undefined ? { ...plugin, signature } : plugin;
}
