import { basename } from 'node:path';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { PresetCheck } from './check.ts';
import { hasEntry, missingEntries, refusesGoPlugin, wrongKinds } from './entries.ts';

const NAME = 'Fluent Bit';

/** Looked up, and called where they are there (src/proxy/go/go.c). One of these does the work. */
const WORK: readonly string[] = ['FLBPluginFlush', 'FLBPluginFlushCtx', 'FLBPluginInputCallback'];

/**
 * Fluent Bit goes by the name of the file: `flb-<name>.so` is a C plugin with a structure `<name>_plugin`, everything else
 * is a proxy plugin as Go makes them with -buildmode=c-shared. Source: src/flb_plugin.c (flb_plugin_load_router,
 * path_to_plugin_name), src/flb_plugin_proxy.c, src/proxy/go/go.c.
 */
export const checkFluentBit: PresetCheck = (plugin) => {
  const refused = refusesGoPlugin(plugin, NAME);
  if (refused.length > 0) return refused;
  const file = basename(plugin.file);
  return file.startsWith('flb-') ? ofC(plugin.image, file) : proxy(plugin.image, file);
};

function ofC(image: Parameters<typeof hasEntry>[0], file: string): Finding[] {
  const name = /^flb-((?:in|out|filter|processor)_.+)\.so$/.exec(file)?.[1];
  if (name === undefined) {
    const message = `Fluent Bit reads the kind of a C plugin from its file name, flb-in_NAME.so, flb-out_NAME.so, flb-filter_NAME.so or flb-processor_NAME.so; it refuses ${file}.`;
    return [finding('fit/entry-missing', message, { subject: file })];
  }
  const structure = `${name}_plugin`;
  return [...missingEntries(image, [structure], NAME), ...wrongKinds(image, [structure], 'data', NAME)];
}

function proxy(image: Parameters<typeof hasEntry>[0], file: string): Finding[] {
  const structure = image.symbols.find(
    ({ name, type }) => type === 'object' && /^(?:in|out|filter|processor)_\w+_plugin$/.test(name),
  );
  if (structure !== undefined && !hasEntry(image, 'FLBPluginRegister')) {
    const wanted = `flb-${structure.name.slice(0, -'_plugin'.length)}.so`;
    const message = `The plugin has the structure ${structure.name} of a C plugin, but Fluent Bit takes ${file} for a Go plugin: the file must be named ${wanted}.`;
    return [finding('fit/entry-missing', message, { subject: structure.name, fix: `Rename the file to ${wanted}.` })];
  }
  const required = ['FLBPluginRegister', 'FLBPluginInit'];
  const findings = [
    ...missingEntries(image, required, NAME),
    ...wrongKinds(image, [...required, ...WORK], 'function', NAME),
  ];
  // Custom plugins have none of them, so that is no error.
  if (findings.length > 0 || WORK.some((name) => hasEntry(image, name))) return findings;
  const message = `The plugin exports none of ${WORK.join(', ')}: as an output or an input, Fluent Bit calls one of them through a null pointer.`;
  return [finding('fit/entry-missing', message, { subject: 'FLBPluginFlush', severity: 'warning' })];
}
