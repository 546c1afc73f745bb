import type { GitHubClient } from './client.ts';
import type { Repository } from './payload.ts';
import type { WorkflowRun } from './workflow-run.ts';

/** The pull request to comment on, or why there is none. */
export type FoundPullRequest = { readonly number: number } | { readonly none: string };

function same(left: string | undefined, right: Repository): boolean {
  return left?.toLowerCase() === `${right.owner}/${right.repo}`.toLowerCase();
}

/**
 * The open pull request whose head is the commit that a workflow run ran for. GitHub is asked: the payload names no pull
 * request for a fork, and what the run itself says of it could be anybody's. A pull request that has moved on to
 * another commit is not told what was found at the old one. Errors are Octokit's.
 */
export async function pullRequestOfRun(
  client: GitHubClient,
  repository: Repository,
  run: WorkflowRun,
): Promise<FoundPullRequest> {
  const { headRepository, headBranch, headSha } = run;
  if (headRepository === undefined) return { none: 'the repository of the branch is gone' };
  const { data } = await client.rest.pulls.list({
    ...repository,
    state: 'open',
    head: `${headRepository.owner}:${headBranch}`,
    per_page: 100,
  });
  const ofBranch = data.filter(
    ({ head, base }) =>
      head.ref === headBranch && same(head.repo?.full_name, headRepository) && same(base.repo.full_name, repository),
  );
  const atCommit = ofBranch.filter(({ head }) => head.sha === headSha);
  const [first] = atCommit;
  if (first === undefined) {
    return {
      none: ofBranch.length === 0 ? 'no open pull request has this head' : 'the pull request has newer commits',
    };
  }
  if (atCommit.length > 1) return { none: 'several pull requests have this head, and the run does not tell which' };
  return { number: first.number };
}
