import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type GitHubClient, REPEATABLE } from './client.ts';
import type { GitHubContext } from './context.ts';
import type { Repository } from './payload.ts';

/** Bytes after gzip. Source: docs.github.com "SARIF support for code scanning". */
const LARGEST = 10_000_000;

/**
 * Uploads findings to code scanning, which shows them at their lines until they are gone. A later upload of the same
 * category takes the place of this one, so that it may be sent twice. Errors are Octokit's.
 * @returns the address of the upload's state
 */
export async function uploadSarif(
  client: GitHubClient,
  repository: Repository,
  { runnerSha, ref }: Pick<GitHubContext, 'runnerSha' | 'ref'>,
  sarif: string,
): Promise<string | undefined> {
  if (runnerSha === undefined || ref === undefined) throw new Error('the run names no commit and ref');
  const packed = await promisify(gzip)(sarif);
  if (packed.length > LARGEST) throw new Error(`the SARIF file is larger than ${LARGEST} bytes after gzip`);
  const { data } = await client.rest.codeScanning.uploadSarif({
    ...repository,
    commit_sha: runnerSha,
    ref,
    sarif: packed.toString('base64'),
    tool_name: 'plugin-gate',
    request: REPEATABLE,
  });
  return data?.url;
}
