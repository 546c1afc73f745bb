import { at, type Repository, repositoryOf, sha, text } from './payload.ts';

export type { Repository } from './payload.ts';

/**
 * What the workflow run is about, read from the runner's environment and the event payload. Pure: the caller reads the
 * file. The payload is written by GitHub, but titles, branch names and such in it are chosen by whoever opened the
 * pull request; only the fields below are taken, each checked.
 * Source: docs.github.com "Variables", "Webhook events and payloads".
 */

export interface PullRequest {
  readonly number: number;
  /** The commit that people see; GITHUB_SHA is a merge commit made for the run. */
  readonly headSha: string;
  readonly baseSha: string;
  readonly baseRef: string;
  /** The branch lives in another repository, or that repository is gone: the token is read-only then. */
  readonly fork: boolean;
}

export interface Release {
  readonly tag: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
}

/** Which way of running the gate this is; what is compared with what and where to post follows from it. */
export type EventKind =
  | 'pull-request'
  | 'pull-request-target'
  | 'merge-group'
  | 'push'
  | 'tag'
  | 'release'
  | 'workflow-run'
  | 'other';

export interface GitHubContext {
  readonly kind: EventKind;
  /** As GitHub calls it, for example `pull_request`. */
  readonly eventName: string;
  readonly repository?: Repository;
  /** The commit that check runs and links belong to: 40 (or 64) hex digits. */
  readonly headSha?: string;
  /** For example `refs/heads/main`, `refs/pull/7/merge`. */
  readonly ref?: string;
  readonly pullRequest?: PullRequest;
  /** The commit that a merge group is to be merged into. */
  readonly mergeGroupBase?: string;
  /** The branch of that commit: `refs/heads/main`. */
  readonly mergeGroupBaseRef?: string;
  /** GITHUB_SHA: of a pull request the merge commit that is checked out. */
  readonly runnerSha?: string;
  readonly release?: Release;
  /** Without a slash at the end, for example `https://github.com`. */
  readonly serverUrl: string;
  /** Without a slash at the end; GitHub Enterprise has another one. */
  readonly apiUrl: string;
  readonly runId?: string;
  /** 1 for the first run, more for a re-run. */
  readonly runAttempt: number;
  /** The page of this workflow run. */
  readonly runUrl?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function url(value: string | undefined, fallback: string): string {
  const address = value === undefined || !URL.canParse(value) ? fallback : value;
  return address.replace(/\/+$/, '');
}

function pullRequestOf(event: unknown): PullRequest | undefined {
  const number = at(event, 'pull_request', 'number');
  const headSha = sha(event, 'pull_request', 'head', 'sha');
  const baseSha = sha(event, 'pull_request', 'base', 'sha');
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return undefined;
  if (headSha === undefined || baseSha === undefined) return undefined;
  const head = text(event, 'pull_request', 'head', 'repo', 'full_name');
  const base = text(event, 'pull_request', 'base', 'repo', 'full_name');
  return {
    number,
    headSha,
    baseSha,
    baseRef: text(event, 'pull_request', 'base', 'ref') ?? '',
    fork: head === undefined || head !== base,
  };
}

function releaseOf(event: unknown): Release | undefined {
  const tag = text(event, 'release', 'tag_name');
  if (tag === undefined) return undefined;
  return {
    tag,
    draft: at(event, 'release', 'draft') === true,
    prerelease: at(event, 'release', 'prerelease') === true,
  };
}

function kindOf(eventName: string, ref: string | undefined): EventKind {
  switch (eventName) {
    case 'pull_request':
      return 'pull-request';
    case 'pull_request_target':
      return 'pull-request-target';
    case 'merge_group':
      return 'merge-group';
    case 'release':
      return 'release';
    case 'workflow_run':
      return 'workflow-run';
    case 'push':
      return ref?.startsWith('refs/tags/') ? 'tag' : 'push';
    default:
      return 'other';
  }
}

function headShaOf(kind: EventKind, event: unknown, pullRequest: PullRequest | undefined, env: Environment) {
  const runnerSha = sha(env.GITHUB_SHA);
  switch (kind) {
    case 'pull-request':
    case 'pull-request-target':
      return pullRequest?.headSha;
    case 'merge-group':
      return sha(event, 'merge_group', 'head_sha') ?? runnerSha;
    case 'workflow-run':
      return sha(event, 'workflow_run', 'head_sha');
    case 'push':
    case 'tag':
    case 'release':
    case 'other':
      return runnerSha;
  }
}

/**
 * @param env the runner's variables (GITHUB_*)
 * @param event the parsed JSON of GITHUB_EVENT_PATH; anything else gives a context without the event's parts
 */
export function githubContext(env: Environment, event: unknown): GitHubContext {
  const eventName = env.GITHUB_EVENT_NAME ?? '';
  const ref = env.GITHUB_REF || undefined;
  const kind = kindOf(eventName, ref);
  const repository = repositoryOf(env.GITHUB_REPOSITORY);
  const serverUrl = url(env.GITHUB_SERVER_URL, 'https://github.com');
  const pullRequest = kind === 'pull-request' || kind === 'pull-request-target' ? pullRequestOf(event) : undefined;
  const release = kind === 'release' ? releaseOf(event) : undefined;
  const headSha = headShaOf(kind, event, pullRequest, env);
  const mergeGroupBase = kind === 'merge-group' ? sha(event, 'merge_group', 'base_sha') : undefined;
  const mergeGroupBaseRef = kind === 'merge-group' ? text(event, 'merge_group', 'base_ref') : undefined;
  const runnerSha = sha(env.GITHUB_SHA);
  const runId = /^\d+$/.test(env.GITHUB_RUN_ID ?? '') ? env.GITHUB_RUN_ID : undefined;
  const attempt = Number(env.GITHUB_RUN_ATTEMPT ?? '1');
  return {
    kind,
    eventName,
    serverUrl,
    apiUrl: url(env.GITHUB_API_URL, 'https://api.github.com'),
    runAttempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    ...(repository && { repository }),
    ...(headSha && { headSha }),
    ...(ref && { ref }),
    ...(pullRequest && { pullRequest }),
    ...(mergeGroupBase && { mergeGroupBase }),
    ...(mergeGroupBaseRef && { mergeGroupBaseRef }),
    ...(runnerSha && { runnerSha }),
    ...(release && { release }),
    ...(runId && { runId }),
    ...(runId && repository && { runUrl: `${serverUrl}/${repository.owner}/${repository.repo}/actions/runs/${runId}` }),
  };
}
