import { randomUUID } from 'node:crypto';
import type { GateReport } from '../gate/report.ts';
import { putCheckRun } from './check-run.ts';
import { type ClientOptions, githubClient } from './client.ts';
import { putComment, type Render } from './comment.ts';
import type { CommentMode } from './comment-decision.ts';
import type { GitHubContext } from './context.ts';
import { postingNotice } from './notice.ts';
import { attempt, type SurfaceOutcome } from './surface.ts';

export interface PostRequest {
  readonly context: GitHubContext;
  readonly report: GateReport;
  readonly render: Render;
  /** Tells several gates of one repository apart, in the comment and in the name of the check run. */
  readonly key: string;
  readonly comment: CommentMode;
  readonly checkRun: boolean;
  /** Empty: nothing is posted. */
  readonly token: string;
  readonly client: Omit<ClientOptions, 'apiUrl' | 'token'>;
}

export interface PostOutcome {
  readonly surfaces: readonly SurfaceOutcome[];
  /** What the person who maintains the workflow should know; at most one. */
  readonly notice?: string;
}

function skipped(surface: SurfaceOutcome['surface'], reason: string): SurfaceOutcome {
  return { surface, state: 'skipped', reason };
}

/** The key of a gate that was given none. */
export const DEFAULT_KEY = 'default';

/** The name under which the check run is listed, for example in the rules of a branch. */
export function checkRunName(key: string): string {
  return key === DEFAULT_KEY ? 'plugin-gate' : `plugin-gate (${key})`;
}

/**
 * Posts a report to GitHub: the check run first, as it is what blocks a merge, then the comment. Never throws, and each
 * surface fails alone: the report has been written elsewhere before, and the verdict does not depend on this.
 */
export async function postReport(request: PostRequest): Promise<PostOutcome> {
  const { context, report, render, key } = request;
  const { repository, headSha, pullRequest } = context;
  if (request.token === '' || repository === undefined) {
    const reason = request.token === '' ? 'there is no token' : 'GITHUB_REPOSITORY is not set';
    return { surfaces: [skipped('check-run', reason), skipped('comment', reason)] };
  }
  const client = githubClient({ ...request.client, apiUrl: context.apiUrl, token: request.token });
  const surfaces: SurfaceOutcome[] = [];

  if (!request.checkRun) surfaces.push(skipped('check-run', 'not asked for'));
  else if (headSha === undefined) surfaces.push(skipped('check-run', 'the event names no commit'));
  else {
    surfaces.push(
      await attempt('check-run', async () => {
        const { annotations, url } = await putCheckRun({
          client,
          repository,
          headSha,
          name: checkRunName(key),
          externalId: `${context.runId ?? 'local'}.${context.runAttempt}.${randomUUID()}`,
          report,
          render,
          ...(context.runUrl && { detailsUrl: context.runUrl }),
        });
        return { detail: `${annotations} annotations`, ...(url && { url }) };
      }),
    );
  }

  const { comment: mode } = request;
  if (mode === 'never') surfaces.push(skipped('comment', 'not asked for'));
  else if (pullRequest === undefined) surfaces.push(skipped('comment', 'there is no pull request'));
  else {
    surfaces.push(
      await attempt('comment', async () => {
        const { number } = pullRequest;
        const { action, url } = await putComment({ client, repository, number, key, mode, report, render });
        return { detail: action, ...(url && { url }) };
      }),
    );
  }
  const notice = postingNotice(surfaces, pullRequest?.fork === true);
  return { surfaces, ...(notice && { notice }) };
}
