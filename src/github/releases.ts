import type { ListedAsset, ListedRelease, ReleaseSource } from '../baseline/release-source.ts';
import { EnvironmentError } from '../errors.ts';
import { type ClientOptions, githubClient } from './client.ts';
import { apiFailure } from './failure.ts';
import type { Repository } from './payload.ts';

/** Releases that are looked at, newest first: ten pages. A project with more names the tag it means. */
const MOST_RELEASES = 1000;
/** For one download, milliseconds. */
const DOWNLOAD_TIMEOUT = 100_000;

/** Releases of a repository through GitHub's API. Needs `contents: read` where the repository is not public. */
export function releasesOnGitHub(options: ClientOptions, repository: Repository): ReleaseSource {
  const api = githubClient(options);
  const downloads = githubClient({ ...options, timeoutMs: DOWNLOAD_TIMEOUT });
  const name = `${repository.owner}/${repository.repo}`;
  const asked = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      const { status, message } = apiFailure(error, Date.now());
      const hint =
        status === 404 || status === 401 || status === 403
          ? ' Give the job "permissions: { contents: read }", and a token that may read that repository when it is another one.'
          : '';
      throw new EnvironmentError(`${what} of ${name} cannot be had from GitHub: ${message}.${hint}`);
    }
  };
  return {
    repository: name,
    list: () =>
      asked('The releases', async () => {
        const found: ListedRelease[] = [];
        const pages = api.paginate.iterator(api.rest.repos.listReleases, { ...repository, per_page: 100 });
        for await (const { data } of pages) {
          found.push(...data.map(listed));
          if (found.length >= MOST_RELEASES) break;
        }
        return found;
      }),
    latestTag: () =>
      asked('The latest release', async () => {
        try {
          return (await api.rest.repos.getLatestRelease({ ...repository })).data.tag_name;
        } catch (error) {
          if (apiFailure(error, Date.now()).status === 404) return undefined;
          throw error;
        }
      }),
    download: ({ id, name: asset }, limit) =>
      asked(`The asset ${asset} of a release`, async () => {
        const { data } = await downloads.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
          ...repository,
          asset_id: id,
          headers: { accept: 'application/octet-stream' },
          request: { parseSuccessResponseBody: false },
        });
        return await readStream(data, limit);
      }),
  };
}

type Listed = Awaited<ReturnType<ReturnType<typeof githubClient>['rest']['repos']['listReleases']>>['data'][number];

function listed({ tag_name, draft, prerelease, published_at, assets }: Listed): ListedRelease {
  return {
    tag: tag_name,
    draft,
    prerelease,
    ...(published_at === null ? {} : { publishedAt: published_at }),
    assets: assets.filter(({ state }) => state === 'uploaded').map(asListedAsset),
  };
}

function asListedAsset({ id, name, size, digest }: Listed['assets'][number]): ListedAsset {
  return { id, name, size, ...(typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? { digest } : {}) };
}

/** The body of an answer, as far as the limit goes. */
async function readStream(body: unknown, limit: number): Promise<Uint8Array> {
  if (!(body instanceof ReadableStream)) throw new Error('the answer has no content');
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    if (!(part instanceof Uint8Array)) throw new Error('the answer is not bytes');
    size += part.length;
    if (size > limit) throw new Error(`it has more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
