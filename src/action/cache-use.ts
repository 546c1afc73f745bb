import type { CacheUse } from '../gate/reuse/use.ts';
import type { GitHubContext } from '../github/context.ts';

const off = (reason: string): CacheUse => ({ read: [], reason });

/**
 * What an event allows. A pull request reads what its branch was built upon and keeps its own results to itself, so that
 * it cannot leave anything for a run that others rely on; what a merge queue runs is the code of pull requests, and it
 * leaves nothing. Releases, tags and forks take nothing and leave nothing.
 * @param checkedOut the commit that lies in the work tree: a workflow can check out another one than its event is about
 * @param release the run is for a release that the event does not tell of: a tag was given
 */
export function cacheUse(context: GitHubContext, release: boolean, checkedOut: string | undefined): CacheUse {
  const { kind, repository, pullRequest, ref, eventName, runnerSha, headSha } = context;
  if (repository === undefined) return off('Nothing was reused: the event does not name the repository.');
  const scope = (name: string) => `${repository.owner}/${repository.repo} ${name}`;
  if (release || kind === 'release' || kind === 'tag' || ref?.startsWith('refs/tags/')) {
    return off('Nothing was reused: a release is checked anew.');
  }
  if (checkedOut === undefined || (checkedOut !== runnerSha && checkedOut !== headSha)) {
    return off('Nothing was reused: another commit is checked out than the one that the event is about.');
  }
  switch (kind) {
    case 'pull-request': {
      if (pullRequest === undefined) return off('Nothing was reused: the event does not name the pull request.');
      if (pullRequest.fork) return off('Nothing was reused: a pull request from a fork is checked anew.');
      const own = scope(`refs/pull/${pullRequest.number}`);
      return { read: [own, scope(`refs/heads/${pullRequest.baseRef}`)], write: own };
    }
    case 'merge-group': {
      const base = context.mergeGroupBaseRef;
      if (base === undefined) return off('Nothing was reused: the event does not name the branch.');
      return {
        read: [scope(base)],
        reason: 'Nothing was kept: what a merge queue runs is not on the branch yet.',
      };
    }
    case 'push':
      return ref?.startsWith('refs/heads/') === true
        ? { read: [scope(ref)], write: scope(ref) }
        : off('Nothing was reused: the push is not to a branch.');
    case 'other':
      // Other events run on the default branch as well, and their workflows may check out what somebody else wrote.
      return (eventName === 'schedule' || eventName === 'workflow_dispatch') && ref?.startsWith('refs/heads/') === true
        ? { read: [scope(ref)], write: scope(ref) }
        : off(`Nothing was reused: the event ${eventName} does not say whose code it runs.`);
    case 'pull-request-target':
    case 'workflow-run':
      return off('Nothing was reused: this event checks anew.');
  }
}
