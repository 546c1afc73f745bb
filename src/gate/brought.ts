import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestCache } from '../baseline/digest-cache.ts';
import type { FetchOutcome } from '../baseline/fetched.ts';
import type { OpenReleases } from '../baseline/release-source.ts';
import { cacheDirectory } from '../process/cache-directory.ts';
import type { GateContext } from './known.ts';
import type { Job } from './plan.ts';

/** Previous releases that are no files of the repository, in a directory that lives as long as the gate. */
export interface Brought {
  /** For each job, in their order. */
  readonly outcomes: readonly (FetchOutcome | undefined)[];
  readonly remove: () => Promise<void>;
}

/**
 * Brings them, where a job asks for one; what it takes is loaded only then.
 * @param source where releases are asked for, the tag that the run is for, and whether nothing is taken from earlier runs
 * @throws UsageError for what the configuration asks and this run cannot give
 */
export async function bringBaselines(
  jobs: readonly Job[],
  context: GateContext,
  { fresh, ...source }: { readonly openReleases?: OpenReleases; readonly tag?: string; readonly fresh?: boolean },
): Promise<Brought> {
  if (!jobs.some(({ baseline }) => baseline?.release ?? baseline?.git ?? baseline?.oci)) {
    return { outcomes: [], remove: async () => {} };
  }
  const { fetchBaselines } = await import('../baseline/fetch.ts');
  const directory = await mkdtemp(join(context.environment.RUNNER_TEMP ?? tmpdir(), 'plugin-gate-baseline-'));
  const cache = fresh === true ? undefined : cacheDirectory('baseline');
  const remove = async () => {
    await rm(directory, { recursive: true, force: true });
    if (cache?.kept === false) await rm(cache.directory, { recursive: true, force: true });
  };
  try {
    const { root, repository, environment, progress } = context;
    const outcomes = await fetchBaselines(jobs, {
      root,
      repository,
      directory,
      environment,
      progress,
      host: context.runner ?? 'unknown',
      ...(cache === undefined ? {} : { cache: digestCache(cache.directory) }),
      ...source,
    });
    return { outcomes, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
