import { UsageError } from '../errors.ts';
import type { GitHubContext } from '../github/context.ts';
import type { Repository } from '../github/payload.ts';
import { type CommitFiles, commitId, gitCommitFiles, parentsOf } from '../process/git-files.ts';

/** The commits that a change lies between. */
export interface Change {
  readonly base: CommitFiles;
  /** What is checked out; absent where git cannot tell. */
  readonly head?: CommitFiles;
}

/** Files of a commit of this repository, asked of GitHub. */
export type FilesOnGitHub = (repository: Repository, commit: string) => Promise<CommitFiles>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The commit that a run's change is judged by: of a pull request what its merge commit was made on, of a merge group
 * what it is put upon. A push, a tag or a release is judged by itself: it has been reviewed to get there.
 *
 * The base that the payload names may lag behind the branch; the first parent of the merge commit is what was merged
 * with, and a commit's parents are part of its id.
 */
export async function baseCommit(
  context: GitHubContext,
  workspace: string,
  env: Environment,
): Promise<string | undefined> {
  const { pullRequest, runnerSha } = context;
  switch (context.kind) {
    case 'merge-group':
      return context.mergeGroupBase;
    case 'pull-request': {
      if (pullRequest === undefined || runnerSha === undefined) return pullRequest?.baseSha;
      if ((await commitId(workspace, 'HEAD', env)) !== runnerSha) return pullRequest.baseSha;
      const [first, second] = await parentsOf(workspace, runnerSha, env);
      return first !== undefined && second === pullRequest.headSha ? first : pullRequest.baseSha;
    }
    case 'pull-request-target':
    case 'push':
    case 'tag':
    case 'release':
    case 'workflow-run':
    case 'other':
      return undefined;
  }
}

/**
 * Files of that commit: from the checkout where it has it, else through GitHub.
 * @param onGitHub undefined without a token
 * @returns undefined for an event that is judged by itself
 * @throws UsageError when there is no way to the commit
 */
export async function changeOf(
  context: GitHubContext,
  workspace: string,
  env: Environment,
  onGitHub: FilesOnGitHub | undefined,
): Promise<Change | undefined> {
  const { kind, repository } = context;
  const commit = await baseCommit(context, workspace, env);
  if (commit === undefined) {
    if (kind !== 'pull-request' && kind !== 'merge-group') return undefined;
    throw new UsageError(
      `The event ${context.eventName} does not name the base commit, so there is no policy to judge by. Run the gate on the event itself, with the payload that GitHub sent.`,
    );
  }
  const headId = await commitId(workspace, 'HEAD', env);
  const head = headId === undefined ? undefined : await gitCommitFiles(workspace, headId, env);
  const local = await gitCommitFiles(workspace, commit, env);
  if (local !== undefined) return { base: local, ...(head && { head }) };
  if (onGitHub === undefined || repository === undefined) {
    throw new UsageError(
      `The base commit ${commit} is not in the checkout, and without a token it cannot be asked for. The configuration of the base judges a pull request. Have it checked out:\n  - uses: actions/checkout\n    with:\n      fetch-depth: 0\n      persist-credentials: false`,
    );
  }
  return { base: await onGitHub(repository, commit), ...(head && { head }) };
}
