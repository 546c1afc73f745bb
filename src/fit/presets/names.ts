/** Hosts whose rules for plugins are known here, by the names under which the configuration and `--preset` know them. */
export const PRESETS = ['krakend', 'tyk', 'falco', 'fluent-bit', 'nginx', 'postgresql', 'pam', 'ladspa'] as const;
export type PresetName = (typeof PRESETS)[number];

/** Whether text names a preset. */
export function isPreset(text: string): text is PresetName {
  return PRESETS.some((name) => name === text);
}
