import { join } from 'node:path';
import { isEnvironmentError, UsageError } from '../errors.ts';
import type { Job } from '../gate/plan.ts';
import type { Progress } from '../gate/step.ts';
import { finding } from '../rules/make.ts';
import type { DigestCache } from './digest-cache.ts';
import type { FetchOutcome } from './fetched.ts';
import { rebuildFromGit } from './git-ref.ts';
import { fetchRelease } from './github-release.ts';
import { fetchFromRegistry } from './oci.ts';
import type { ListedRelease, OpenReleases, ReleaseSource } from './release-source.ts';
import type { ThisRelease } from './select-release.ts';

export interface FetchRequest {
  /** Absolute paths: of the configuration's directory, and of the repository. */
  readonly root: string;
  readonly repository: string;
  /** Absolute path of a directory of the gate's own. */
  readonly directory: string;
  /** Tag that this run is for, when it is for one. */
  readonly tag?: string;
  /** Target of the machine that runs the gate. */
  readonly host: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly openReleases?: OpenReleases;
  readonly cache?: DigestCache;
}

/**
 * Brings the previous releases that are no files of the repository, before anything of this release is built. What does
 * not answer is a finding of that plugin: everything else is checked all the same.
 * @returns for each job what was brought, or undefined where nothing has to be
 * @throws UsageError for what the configuration asks and this run cannot give
 */
export async function fetchBaselines(
  jobs: readonly Job[],
  request: FetchRequest,
): Promise<readonly (FetchOutcome | undefined)[]> {
  const sources = new Map<string, ReleaseSource>();
  const outcomes: (FetchOutcome | undefined)[] = [];
  for (const [index, job] of jobs.entries()) {
    try {
      outcomes.push(await fetchOne(job, join(request.directory, String(index)), request, sources));
    } catch (error) {
      if (!isEnvironmentError(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      outcomes.push({ findings: [finding('baseline/unreachable', message, { subject: job.plugin.name })] });
    }
  }
  return outcomes;
}

async function fetchOne(
  job: Job,
  directory: string,
  request: FetchRequest,
  sources: Map<string, ReleaseSource>,
): Promise<FetchOutcome | undefined> {
  const { baseline, plugin, tokens, target } = job;
  const { version } = plugin;
  const own: ThisRelease = {
    ...(version === undefined ? {} : { version }),
    ...(request.tag === undefined ? {} : { tag: request.tag }),
  };
  const { progress, cache } = request;
  if (baseline?.release !== undefined) {
    const { repository = '' } = baseline.release;
    let source = sources.get(repository);
    if (source === undefined) {
      if (request.openReleases === undefined) throw new UsageError(NO_RELEASES);
      source = listedOnce(request.openReleases(repository === '' ? undefined : repository));
      sources.set(repository, source);
    }
    progress.start(`fetching the previous release of ${plugin.name} for ${target}`);
    const { digest } = baseline;
    const config = { ...baseline.release, ...(digest === undefined ? {} : { digest }) };
    return await fetchRelease({ config, tokens, own, source, directory, ...(cache === undefined ? {} : { cache }) });
  }
  if (baseline?.oci !== undefined) {
    progress.start(`fetching the previous release of ${plugin.name} for ${target}`);
    const { environment } = request;
    return await fetchFromRegistry({
      config: { ...baseline, oci: baseline.oci },
      tokens,
      target,
      directory,
      environment,
    });
  }
  if (baseline?.git !== undefined) {
    progress.start(`building the previous release of ${plugin.name} for ${target}`);
    const { tag = '*', ...rest } = baseline.git;
    const { root, repository, host, environment } = request;
    const config = { ...rest, tag };
    return await rebuildFromGit({
      config,
      plugin,
      tokens,
      target,
      own,
      root,
      repository,
      host,
      environment,
      directory,
      progress,
    });
  }
  return undefined;
}

const NO_RELEASES =
  'The configuration takes the previous release from GitHub (baseline.release), and this run has no way there.';

/** The list is long, and the same for all plugins. */
function listedOnce(source: ReleaseSource): ReleaseSource {
  let list: Promise<readonly ListedRelease[]> | undefined;
  let latest: Promise<string | undefined> | undefined;
  return {
    ...source,
    list: () => (list ??= source.list()),
    latestTag: () => (latest ??= source.latestTag()),
  };
}
