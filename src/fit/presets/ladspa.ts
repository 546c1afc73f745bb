import type { PresetCheck } from './check.ts';
import { missingEntries, refusesGoPlugin, wrongKinds } from './entries.ts';

const NAME = 'A LADSPA host';

/**
 * A LADSPA library has one entry point, which gives a description for each index. Source: ladspa.h of LADSPA SDK 1.1, section
 * "Accessing a Plugin". There is no version to compare.
 */
export const checkLadspa: PresetCheck = (plugin) => [
  ...refusesGoPlugin(plugin, NAME),
  ...missingEntries(plugin.image, ['ladspa_descriptor'], NAME),
  ...wrongKinds(plugin.image, ['ladspa_descriptor'], 'function', NAME),
];
