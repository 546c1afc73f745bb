import type { Finding } from '../../rules/finding.ts';
import type { LoadableFile } from '../model.ts';

/**
 * What a kind of host asks of a plugin beyond what the dynamic loader asks.
 * @param host the host's program, where its own version is in it; undefined when there is none to compare with
 * @param required symbols that the host was told to look up
 */
export type PresetCheck = (
  plugin: LoadableFile,
  host: LoadableFile | undefined,
  required: readonly string[],
) => readonly Finding[];
