/** What a plugin takes its host to be: reads debug information, for plugins that have some. */
export { hostTypes } from '../abi/host/read-host-file.ts';
export { withPreset } from '../fit/presets/entry-types.ts';
