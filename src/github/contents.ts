import { EnvironmentError } from '../errors.ts';
import type { CommitFiles } from '../process/git-files.ts';
import { type ClientOptions, type GitHubClient, githubClient } from './client.ts';
import { apiFailure } from './failure.ts';
import type { Repository } from './payload.ts';

/** Size up to which the contents endpoint gives the content itself, bytes. Source: GitHub's API description. */
const INLINE = 1024 * 1024;

/**
 * Files of a commit through GitHub, for a checkout that does not have it. Needs `contents: read`.
 * @param client options of the client that is made
 */
export function commitFilesOnGitHub(client: ClientOptions, repository: Repository, commit: string): CommitFiles {
  const api = githubClient(client);
  const broken = (path: string, why: string) =>
    new EnvironmentError(
      `${path} of the base commit ${commit} cannot be read: ${why}. Give the job "permissions: { contents: read }", or have the base checked out too: "with: { fetch-depth: 0, persist-credentials: false }" at actions/checkout.`,
    );
  return {
    commit,
    read: async (path, limit) => {
      try {
        return await readFile(api, repository, commit, path, limit);
      } catch (error) {
        const { status, message } = apiFailure(error, Date.now());
        if (status === 404 && (await exists(api, repository, commit))) return undefined;
        throw broken(path, message);
      }
    },
  };
}

/** A commit without the file and a token without the permission are both answered with 404. */
async function exists(api: GitHubClient, repository: Repository, commit: string): Promise<boolean> {
  try {
    await api.rest.git.getCommit({ ...repository, commit_sha: commit });
    return true;
  } catch {
    return false;
  }
}

async function readFile(
  api: GitHubClient,
  repository: Repository,
  commit: string,
  path: string,
  limit: number,
): Promise<Buffer> {
  const { data } = await api.rest.repos.getContent({ ...repository, path, ref: commit });
  if (Array.isArray(data) || data.type !== 'file') throw new Error('it is not a regular file there');
  if (data.size > limit) throw new Error(`it has ${data.size} bytes, and the limit is ${limit}`);
  if (data.size <= INLINE && data.encoding === 'base64') return Buffer.from(data.content, 'base64');
  const { data: blob } = await api.rest.git.getBlob({ ...repository, file_sha: data.sha });
  return Buffer.from(blob.content, 'base64');
}
