import type { GitHubClient } from './client.ts';
import type { Repository } from './payload.ts';

/** A file to attach. */
export interface ReleaseFile {
  /** Letters, digits, dot, underscore and hyphen: GitHub writes others anew. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Releases that are looked through for the draft; it is among the newest. */
const MOST_RELEASES = 300;

/**
 * Attaches files to the draft release of a tag; one of the same name, from an earlier run, is replaced. A release that is
 * published is left alone: what people have downloaded must not change. Errors are Octokit's, or say why not.
 * @returns the address of the draft
 */
export async function attachToDraft(
  client: GitHubClient,
  repository: Repository,
  tag: string,
  files: readonly ReleaseFile[],
): Promise<string> {
  const release = await findRelease(client, repository, tag);
  if (release === undefined) throw new Error(`there is no draft release with the tag ${tag}`);
  if (!release.draft) throw new Error(`the release ${tag} is published already; nothing is attached to it any more`);
  // Uploads go to a host of their own, which GitHub names: https://uploads.github.com, or the server of an enterprise.
  const baseUrl = release.upload_url.replace(/\/repos\/.*$/, '');
  for (const { name, bytes } of files) {
    const old = release.assets.find((asset) => asset.name === name);
    if (old !== undefined) await client.rest.repos.deleteReleaseAsset({ ...repository, asset_id: old.id });
    await client.request('POST /repos/{owner}/{repo}/releases/{release_id}/assets{?name}', {
      ...repository,
      baseUrl,
      release_id: release.id,
      name,
      data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      headers: { 'content-type': 'application/octet-stream' },
    });
  }
  return release.html_url;
}

/** GitHub finds a draft by its tag only in the list. */
async function findRelease(client: GitHubClient, repository: Repository, tag: string) {
  let seen = 0;
  const pages = client.paginate.iterator(client.rest.repos.listReleases, { ...repository, per_page: 100 });
  for await (const { data } of pages) {
    const found = data.find(({ tag_name }) => tag_name === tag);
    if (found !== undefined) return found;
    seen += data.length;
    if (seen >= MOST_RELEASES) return undefined;
  }
  return undefined;
}
