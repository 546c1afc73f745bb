import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { isPluginOfGo } from '../fit/go-plugin.ts';
import type { Host } from '../fit/hosts.ts';
import type { LoadableFile } from '../fit/model.ts';
import { isPreset } from '../fit/presets/names.ts';
import { publicHeaders } from '../gate/headers.ts';
import { locate } from '../gate/sources.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { parseEntries } from './parse-entries.ts';
import { readInput } from './read-input.ts';

export interface FitTypesOptions {
  /** Globs of the host's headers; with them, what cannot be compared is undecided. */
  readonly hostHeaders?: readonly string[];
  /** What the host takes symbols for that it looks up, each as `SYMBOL=TYPE`. */
  readonly entries?: readonly string[];
  /** Name of a kind of hosts: what it takes entry points for is known. */
  readonly preset?: string;
  /** Directories with separate debug information. */
  readonly debugDirs?: readonly string[];
}

/**
 * What a plugin and a program that loads it disagree about, where the plugin has debug information. Go plugins have their
 * packages compared instead.
 */
export async function typeReasons(
  host: Host,
  plugin: LoadableFile,
  { hostHeaders = [], debugDirs = [], entries = [], preset }: FitTypesOptions,
): Promise<readonly Finding[]> {
  const asked = hostHeaders.length > 0 || entries.length > 0;
  const named = parseEntries(entries);
  if (isPluginOfGo(plugin)) return [];
  // A package that was built for this has no file to read again.
  if (host.kind !== 'program' || statSync(host.image.file, { throwIfNoEntry: false })?.isFile() !== true) {
    return asked ? [notToSee(host.name)] : [];
  }
  if (!asked && !plugin.image.debug.dwarf && debugDirs.length === 0) return [];
  const { hostTypes, withPreset } = await import('../parts/host-types.ts');
  const here = { root: process.cwd(), repository: process.cwd() };
  const known = publicHeaders(hostHeaders, here);
  const file = async (path: string, what: string) => ({
    bytes: await readInput(path, what),
    search: { file: path, directories: debugDirs },
  });
  const { findings } = hostTypes(await file(plugin.file, 'the plugin'), await file(host.image.file, 'the host'), {
    name: basename(host.name),
    locate: (place) => locate(place, here),
    ...(hostHeaders.length > 0 && { isHostHeader: known.isPublic }),
    entries: withPreset(
      named,
      preset !== undefined && isPreset(preset) ? preset : undefined,
      plugin.image.symbols.map(({ name }) => name),
    ),
  });
  return [...findings, ...known.unmatched('fit/host-headers-unmatched')].map(({ effect: _, ...reason }) => reason);
}

function notToSee(name: string): Finding {
  const why = `No program of ${name} is given that has debug information, so that its types were not compared.`;
  return finding('fit/host-types-unseen', why, { subject: name, severity: 'undecided' });
}
