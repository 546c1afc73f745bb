import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ElfImage } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { LoadEvidence, LoadRequest } from './model.ts';
import { libraryDirectories, realOf } from './places.ts';

/**
 * Libraries that came from elsewhere than the system's directories: found by a search path in the plugin, or beside it. One that
 * stands in for a library that the system has is how a planted dependency looks.
 */
export function originFindings(
  { objects, trail }: LoadEvidence,
  { libraryPath = [] }: LoadRequest,
  { dynamic }: ElfImage,
): readonly Finding[] {
  const system = libraryDirectories();
  // Reports name the files themselves, whatever links lead to them.
  const given = [...system, ...libraryPath.map((path) => realOf(resolve(path)))];
  const searchPath = dynamic.runpath ?? dynamic.rpath ?? '';
  const elsewhere = objects
    .filter(({ path }) => path.startsWith('/') && !given.some((place) => `${path}`.startsWith(`${place}/`)))
    .map(({ path }) => {
      const name = basename(path);
      const twin = system.map((place) => join(place, name)).find((candidate) => existsSync(candidate));
      const by = searchPath === '' ? '' : ` (search path of the plugin: ${searchPath})`;
      const message =
        twin === undefined
          ? `The library ${name} comes from ${dirname(path)}, not from the system${by}.`
          : `The library ${name} comes from ${dirname(path)} and stands in for ${twin} of the system${by}.`;
      return finding('load/library-place', message, {
        subject: name,
        severity: twin === undefined ? 'note' : 'warning',
      });
    });
  return [...elsewhere, ...workingDirectoryFindings(trail, searchPath)];
}

/**
 * Libraries that were looked for in the working directory, found there or not: a search path with an empty or relative entry
 * leads to wherever the host happens to be.
 */
function workingDirectoryFindings(trail: LoadEvidence['trail'], searchPath: string): readonly Finding[] {
  const names = new Set<string>();
  for (const { by, event, path, from } of trail) {
    if (by !== 'linker' || event !== 'search' || typeof path !== 'string' || !String(from).startsWith('search path'))
      continue;
    if (!path.startsWith('/') && !path.startsWith('$ORIGIN')) names.add(basename(path));
  }
  const set = searchPath === '' ? '' : ` (search path of the plugin: ${searchPath})`;
  return [...names].map((name) =>
    finding('load/library-place', `The library ${name} is looked for in the working directory of the host${set}.`, {
      subject: `./${name}`,
    }),
  );
}
