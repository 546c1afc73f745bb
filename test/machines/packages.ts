import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { hasProgram } from '../support/needs.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** Packages of a Debian release that are unpacked, not installed. */
export interface Packages {
  /** Directory below .cache/debian. */
  readonly name: string;
  readonly suite: string;
  readonly architecture: string;
  readonly packages: readonly string[];
}

/** Where the packages lie, or why they do not. */
export type Unpacked = { readonly root: string } | { readonly reason: string };

/** Unpacks packages once; they stay in the cache. */
export function unpack({ name, suite, architecture, packages }: Packages): Unpacked {
  const directory = join(PROJECT, '.cache', 'debian', name);
  const command = [join(PROJECT, 'scripts', 'debian-packages.sh'), suite, architecture, directory, ...packages];
  const { status, stderr, error } = spawnSync('sh', command, { encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return { root: realpathSync(join(directory, 'root')) };
  return { reason: error?.message ?? stderr.trim().split('\n').at(-1) ?? `exit code ${status}` };
}

/** `describe`, skipped with the reason in its title where a program or the packages cannot be had. */
export function describeUnpacked(
  programs: readonly string[],
  wanted: readonly Packages[],
  title: string,
  body: (...roots: readonly string[]) => void,
): void {
  const missing = programs.filter((program) => !hasProgram(program));
  const unpacked = missing.length > 0 ? [] : wanted.map(unpack);
  const reasons = [
    ...(missing.length > 0 ? [`${missing.join(', ')} not installed`] : []),
    ...unpacked.flatMap((one) => ('reason' in one ? [one.reason] : [])),
  ];
  const roots = unpacked.flatMap((one) => ('root' in one ? [one.root] : []));
  if (reasons.length > 0) describe.skip(`${title} [skipped: ${reasons.join('; ')}]`, () => body());
  else describe(title, () => body(...roots));
}
