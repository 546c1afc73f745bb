import type { OpenReleases, ReleaseSource } from '../baseline/release-source.ts';
import { UsageError } from '../errors.ts';
import { type Repository, repositoryOf } from './payload.ts';

/**
 * Releases of a repository, whose client is made when something is asked.
 * @param own the repository that the gate runs for
 */
export function lazyReleases(
  own: Repository | undefined,
  open: (repository: Repository) => Promise<ReleaseSource>,
): OpenReleases {
  return (name) => {
    const repository = name === undefined ? own : repositoryOf(name);
    if (repository === undefined) {
      throw new UsageError(
        'The configuration takes the previous release from GitHub, and this run does not know of which repository. Name it: baseline.release.repository: owner/name.',
      );
    }
    let made: Promise<ReleaseSource> | undefined;
    const source = () => (made ??= open(repository));
    return {
      repository: `${repository.owner}/${repository.repo}`,
      list: async () => (await source()).list(),
      latestTag: async () => (await source()).latestTag(),
      download: async (asset, limit) => (await source()).download(asset, limit),
    };
  };
}
