import { randomUUID } from 'node:crypto';
import type { GateReport } from '../gate/report.ts';
import { plural } from '../text/units.ts';
import { putCheckRun } from './check-run.ts';
import { type ClientOptions, type GitHubClient, githubClient } from './client.ts';
import { uploadSarif } from './code-scanning.ts';
import { putComment, type Render } from './comment.ts';
import type { CommentMode } from './comment-decision.ts';
import { putCommitStatus } from './commit-status.ts';
import type { GitHubContext } from './context.ts';
import { attachToDraft, type ReleaseFile } from './draft-release.ts';
import { checkRunName } from './key.ts';
import { postingNotice } from './notice.ts';
import type { Repository } from './payload.ts';
import type { FoundPullRequest } from './pull-of-run.ts';
import { attempt, type SurfaceOutcome } from './surface.ts';

export interface PostRequest {
  readonly context: GitHubContext;
  readonly report: GateReport;
  readonly render: Render;
  /** Tells several gates of one repository apart, in the comment and in the name of the check run. */
  readonly key: string;
  readonly comment: CommentMode;
  readonly checkRun: boolean;
  /** Makes the SARIF file, when it is to be uploaded to code scanning. */
  readonly sarif?: () => Promise<string>;
  /** What is attached to the draft release of a tag. */
  readonly release?: { readonly tag: string; readonly files: () => Promise<readonly ReleaseFile[]> };
  /** Empty: nothing is posted. */
  readonly token: string;
  readonly client: Omit<ClientOptions, 'apiUrl' | 'token'>;
  /** The report was made by a run that the pull request controls: its check run has a name of its own and never succeeds. */
  readonly unproven?: boolean;
  /** Finds the pull request where the event names none. */
  readonly findPullRequest?: (client: GitHubClient, repository: Repository) => Promise<FoundPullRequest>;
}

export interface PostOutcome {
  readonly surfaces: readonly SurfaceOutcome[];
  /** What the person who maintains the workflow should know; at most one. */
  readonly notice?: string;
}

function skipped(surface: SurfaceOutcome['surface'], reason: string): SurfaceOutcome {
  return { surface, state: 'skipped', reason };
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
          name: checkRunName(key, request.unproven),
          externalId: `${context.runId ?? 'local'}.${context.runAttempt}.${randomUUID()}`,
          report,
          render,
          unproven: request.unproven === true,
          ...(context.runUrl && { detailsUrl: context.runUrl }),
        });
        return { detail: `${annotations} annotations`, ...(url && { url }) };
      }),
    );
  }

  const fallback = await statusInstead(request, client, repository, surfaces);
  if (fallback !== undefined) surfaces.push(fallback);
  const { sarif } = request;
  if (sarif !== undefined) {
    surfaces.push(
      await attempt('sarif', async () => {
        const url = await uploadSarif(client, repository, context, await sarif());
        return { detail: 'uploaded', ...(url && { url }) };
      }),
    );
  }
  const { release } = request;
  if (release !== undefined) {
    surfaces.push(
      await attempt('release', async () => {
        const files = await release.files();
        const url = await attachToDraft(client, repository, release.tag, files);
        return { detail: `${plural(files.length, 'file')} attached to ${release.tag}`, url };
      }),
    );
  }
  surfaces.push(await postComment(request, client, repository));
  const notice = postingNotice(surfaces, pullRequest?.fork === true);
  return { surfaces, ...(notice && { notice }) };
}

/**
 * A commit status where the token may make no check run. Undefined when there is nothing to stand in for, or that cannot
 * be made either: the missing check run is told already.
 */
async function statusInstead(
  request: PostRequest,
  client: GitHubClient,
  repository: Repository,
  surfaces: readonly SurfaceOutcome[],
): Promise<SurfaceOutcome | undefined> {
  const { headSha, pullRequest, runUrl } = request.context;
  const denied = surfaces.some(
    (one) => one.surface === 'check-run' && one.state === 'failed' && one.failure.kind === 'permission',
  );
  if (!denied || headSha === undefined || pullRequest?.fork === true || request.unproven === true) return undefined;
  const outcome = await attempt('status', async () => {
    const name = checkRunName(request.key);
    await putCommitStatus(client, repository, {
      headSha,
      name,
      report: request.report,
      ...(runUrl && { detailsUrl: runUrl }),
    });
    return { detail: 'set in place of the check run' };
  });
  return outcome.state === 'posted' ? outcome : undefined;
}

async function postComment(
  request: PostRequest,
  client: GitHubClient,
  repository: Repository,
): Promise<SurfaceOutcome> {
  const { context, comment: mode, key, report, render } = request;
  if (mode === 'never') return skipped('comment', 'not asked for');
  let nowhere: string | undefined;
  const outcome = await attempt('comment', async () => {
    const found = context.pullRequest ?? (await request.findPullRequest?.(client, repository));
    if (found === undefined || 'none' in found) {
      nowhere = found?.none ?? 'there is no pull request';
      return { detail: nowhere };
    }
    const { action, url } = await putComment({ client, repository, number: found.number, key, mode, report, render });
    return { detail: action, ...(url && { url }) };
  });
  return nowhere === undefined ? outcome : skipped('comment', nowhere);
}
