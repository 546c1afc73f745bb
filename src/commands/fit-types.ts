import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Host } from '../fit/hosts.ts';
import type { LoadableFile } from '../fit/model.ts';
import { publicHeaders } from '../gate/headers.ts';
import { locate } from '../gate/sources.ts';
import type { Finding } from '../rules/finding.ts';
import { readInput } from './read-input.ts';

export interface FitTypesOptions {
  /** Globs of the host's headers; with them, what cannot be compared is undecided. */
  readonly hostHeaders?: readonly string[];
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
  { hostHeaders = [], debugDirs = [] }: FitTypesOptions,
): Promise<readonly Finding[]> {
  const asked = hostHeaders.length > 0;
  if (host.kind !== 'program' || plugin.go !== undefined) return [];
  // A package that was built for this has no file to read again.
  if (statSync(host.image.file, { throwIfNoEntry: false })?.isFile() !== true) return [];
  if (!asked && !plugin.image.debug.dwarf && debugDirs.length === 0) return [];
  const { hostTypes } = await import('../parts/host-types.ts');
  const here = { root: process.cwd(), repository: process.cwd() };
  const known = publicHeaders(hostHeaders, here);
  const file = async (path: string, what: string) => ({
    bytes: await readInput(path, what),
    search: { file: path, directories: debugDirs },
  });
  const { findings } = hostTypes(await file(plugin.file, 'the plugin'), await file(host.image.file, 'the host'), {
    name: basename(host.name),
    locate: (place) => locate(place, here),
    ...(asked && { isHostHeader: known.isPublic }),
  });
  return [...findings, ...known.unmatched('fit/host-headers-unmatched')].map(({ effect: _, ...reason }) => reason);
}
