import { pathProblem } from '../config/scalars.ts';
import { asName, type Candidate, nameOfLibrary } from './candidate.ts';
import { findCargoPlugins } from './cargo.ts';
import { findCmakePlugins } from './cmake.ts';
import { findGoPlugins } from './go.ts';
import { findMakePlugins } from './make.ts';
import { findMesonPlugins } from './meson.ts';
import { baseOf, type Repository } from './repository.ts';

export interface Discovered extends Candidate {
  /** A file that looks like the previous release. */
  readonly previous?: string;
}

const PREVIOUS = /(?:^|\/)(?:previous|baselines?|releases|old)\//;
/** More than a person would look through. */
const MOST = 50;

/**
 * The plugins of a repository, by what its build files say, then by the shared objects that lie in it. Each file and
 * each name once.
 */
export function discoverPlugins(repository: Repository): Discovered[] {
  const objects = repository.files.filter(
    (file) => /\.so(?:\.[0-9.]+)?$/.test(file) && repository.head(file, 4).equals(Buffer.from('\u007fELF', 'latin1')),
  );
  const built = [
    ...findGoPlugins(repository),
    ...findMakePlugins(repository),
    ...findCmakePlugins(repository),
    ...findMesonPlugins(repository),
    ...findCargoPlugins(repository),
  ];
  const lying = objects
    .filter((file) => !PREVIOUS.test(file))
    .map(
      (file): Candidate => ({
        name: asName(nameOfLibrary(file)),
        kind: 'elf',
        artifact: file,
        evidence: `${file}: a shared object without a build that was recognised`,
      }),
    );
  const found: Discovered[] = [];
  const names = new Set<string>();
  for (const candidate of [...built, ...lying]) {
    if (found.length >= MOST) break;
    const known = found.some(
      ({ artifact, name }) =>
        artifact === candidate.artifact || (candidate.build === undefined && name === candidate.name),
    );
    if (known || pathProblem(candidate.artifact) !== undefined || /[{}]/.test(candidate.artifact)) continue;
    const name = freeName(candidate.name, names);
    names.add(name);
    const previous = objects.find(
      (file) => PREVIOUS.test(file) && baseOf(file) === baseOf(candidate.artifact) && !/[{}]/.test(file),
    );
    found.push({ ...candidate, name, previous });
  }
  return found;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let n = 2;
  while (taken.has(`${name}-${n}`)) n++;
  return `${name}-${n}`;
}
