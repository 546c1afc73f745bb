import { githubContext } from '../../src/github/context.ts';
import { type PostOutcome, type PostRequest, postReport } from '../../src/github/post.ts';
import { type GitHubApi, startGitHubApi } from '../support/github-api/server.ts';
import { ACTIONS_TOKEN, type Token } from '../support/github-api/state.ts';
import {
  BASE_SHA,
  HEAD_SHA,
  MERGE_SHA,
  pullRequestEvent,
  runnerEnvironment,
  sampleFinding,
  sampleReport,
} from './sample-report.ts';

export const TOKEN = 'ghs_0123456789abcdefTOKENfedcba9876543210';
export const FAST = { attempts: 4, pauseMs: 1, budgetMs: 5000 };

/** A loopback GitHub with the pull request 7 and a token of the workflow. */
export async function githubWithPullRequest(token: Partial<Token> = {}): Promise<GitHubApi> {
  const api = await startGitHubApi();
  api.state.tokens.set(TOKEN, { ...ACTIONS_TOKEN, ...token });
  api.state.commits.add(HEAD_SHA).add(MERGE_SHA).add(BASE_SHA);
  api.state.issues.add(7);
  return api;
}

/** Posts a report of one blocking finding on pull request 7; `more` changes any part of it. */
export async function post(
  api: GitHubApi,
  more: Partial<PostRequest> & { readonly event?: string; readonly payload?: unknown; readonly lines?: string[] } = {},
): Promise<PostOutcome> {
  const { event = 'pull_request', payload = pullRequestEvent(7), lines = [], ...request } = more;
  return await postReport({
    context: githubContext(runnerEnvironment(event, api.apiUrl), payload),
    report: sampleReport([sampleFinding(1)]),
    render: () => '# plugin-gate\n\nThe report.\n',
    key: 'default',
    comment: 'always',
    checkRun: true,
    token: TOKEN,
    client: { version: '1.2.3', log: (line) => void lines.push(line), retry: FAST, timeoutMs: 2000 },
    ...request,
  });
}

/** Surface and state of an outcome, for comparison. */
export function states(outcome: PostOutcome): Record<string, string> {
  return Object.fromEntries(
    outcome.surfaces.map((one) => [one.surface, one.state === 'posted' ? one.detail : one.state]),
  );
}
