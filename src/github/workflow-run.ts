import { at, type Repository, repositoryOf, sha, text } from './payload.ts';

/** The workflow run whose end started this one (event `workflow_run`), as GitHub, not the run itself, tells it. */
export interface WorkflowRun {
  readonly id: number;
  readonly attempt: number;
  /** What started it: `pull_request`, `push`. */
  readonly event: string;
  /** The commit that it ran for: of a pull request its head. */
  readonly headSha: string;
  readonly headBranch: string;
  /** Where the branch lies; undefined when that repository is gone. */
  readonly headRepository?: Repository;
  /** `success`, `failure`, ... */
  readonly conclusion: string;
}

/**
 * @param event the parsed payload
 * @returns undefined when a field is missing that everything depends on
 */
export function workflowRunOf(event: unknown): WorkflowRun | undefined {
  const id = at(event, 'workflow_run', 'id');
  const attempt = at(event, 'workflow_run', 'run_attempt');
  const headSha = sha(event, 'workflow_run', 'head_sha');
  const headBranch = text(event, 'workflow_run', 'head_branch');
  const name = text(event, 'workflow_run', 'event');
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return undefined;
  if (headSha === undefined || headBranch === undefined || name === undefined) return undefined;
  const headRepository = repositoryOf(text(event, 'workflow_run', 'head_repository', 'full_name'));
  return {
    id,
    attempt: typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    event: name,
    headSha,
    headBranch,
    conclusion: text(event, 'workflow_run', 'conclusion') ?? 'unknown',
    ...(headRepository && { headRepository }),
  };
}
