import { resolve } from 'node:path';
import type { FileDigests } from '../artifact/file-digests.ts';
import { expandTokens } from '../build/tokens.ts';
import type { Job } from './plan.ts';

/** Absolute paths of the hosts that are files, by the names of the hosts. */
export function hostFiles(job: Job, root: string): ReadonlyMap<string, string> {
  return new Map(
    job.plugin.hosts.flatMap(({ name, file }) =>
      file === undefined ? [] : [[name, resolve(root, expandTokens(file, job.tokens, `file of host ${name}`))]],
    ),
  );
}

/** Digests of the hosts that are there before anything is built, by their paths: a build could exchange one. */
export function hostDigests(job: Job, root: string, digests: FileDigests): ReadonlyMap<string, string> {
  return new Map(
    [...hostFiles(job, root).values()].flatMap((path): [string, string][] => {
      const digest = digests.of(path);
      return digest === undefined ? [] : [[path, digest]];
    }),
  );
}

/** The job without hosts whose file is another one than before the build; the step fit says so of each. */
export function withoutExchanged(
  job: Job,
  root: string,
  before: ReadonlyMap<string, string> | undefined,
  digests: FileDigests | undefined,
): Job {
  if (before === undefined || digests === undefined || before.size === 0) return job;
  const files = hostFiles(job, root);
  const hosts = job.plugin.hosts.filter(({ name }) => {
    const path = files.get(name);
    const digest = path === undefined ? undefined : before.get(path);
    return path === undefined || digest === undefined || digests.of(path) === digest;
  });
  return hosts.length === job.plugin.hosts.length ? job : { ...job, plugin: { ...job.plugin, hosts } };
}

/** Why such a host is not compared with. */
export const EXCHANGED =
  'its file was changed while the plugins were built. If the build makes it, remove the old one first.';
