import type { GateReport } from '../gate/report.ts';
import { byteLength } from '../text/truncate.ts';
import { type GitHubClient, REPEATABLE, sendOnce } from './client.ts';
import { type CommentMode, decideComment } from './comment-decision.ts';
import type { Repository } from './context.ts';
import { sameLogin, tokenLogin } from './identity.ts';
import { commentMarker, contentDigest, hasMarker, memoryLine, readMemory } from './marker.ts';
import { runBefore, runMemory, runsLine, sinceLine } from './since.ts';

/** GitHub refuses 65,536 characters and more; the room below is for what it may add or count differently. Bytes. */
export const COMMENT_LIMIT = 60_000;

/** Pages of 100 comments; GitHub allows 2,500 comments on a pull request. */
const MOST_PAGES = 30;

/** Markdown of at most so many bytes; `since` is a line about what changed, put below the verdict. */
export type Render = (limitBytes: number, since?: string) => string;

export interface CommentRequest {
  readonly client: GitHubClient;
  readonly repository: Repository;
  /** Number of the pull request. */
  readonly number: number;
  /** Name of the gate: one comment for each. */
  readonly key: string;
  readonly mode: Exclude<CommentMode, 'never'>;
  readonly report: GateReport;
  readonly render: Render;
}

export interface CommentOutcome {
  readonly action: 'created' | 'updated' | 'unchanged' | 'not-wanted';
  readonly url?: string;
}

interface Comment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
}

async function findComment(request: CommentRequest, login: string): Promise<Comment | undefined> {
  const { client, repository, number, key } = request;
  const pages = client.paginate.iterator(client.rest.issues.listComments, {
    ...repository,
    issue_number: number,
    per_page: 100,
  });
  let seen = 0;
  for await (const { data } of pages) {
    for (const { id, html_url, body, user } of data) {
      // Anybody can write our marker; only what our own login wrote is ours to edit.
      if (user !== null && sameLogin(user.login, login) && hasMarker(body ?? '', key)) {
        return { id, url: html_url, body: body ?? '' };
      }
    }
    seen += 1;
    if (seen >= MOST_PAGES) break;
  }
  return undefined;
}

const TOO_LONG = 'The report is too long for a comment: see the summary of the workflow run.\n';

/** The whole body, never above {@link COMMENT_LIMIT} bytes whatever the renderer does. */
export function commentBody(
  head: readonly string[],
  render: Render,
  changes: { readonly since?: string; readonly runs?: string } = {},
): string {
  const prefix = `${head.join('\n')}\n`;
  const suffix = changes.runs === undefined ? '' : `\n${changes.runs}`;
  const body = prefix + render(COMMENT_LIMIT - byteLength(prefix) - byteLength(suffix), changes.since) + suffix;
  return byteLength(body) <= COMMENT_LIMIT ? body : prefix + TOO_LONG + suffix;
}

/** As GitHub stores it: line feeds only, no blanks at the ends. */
function stored(body: string): string {
  return body.replaceAll('\r\n', '\n').trim();
}

/**
 * Brings the one comment of this gate on a pull request up to date: makes it, edits it in place, or leaves it alone.
 * Errors are Octokit's.
 */
export async function putComment(request: CommentRequest): Promise<CommentOutcome> {
  const { client, repository, report } = request;
  const login = await tokenLogin(client);
  const existing = await findComment(request, login);
  const decision = decideComment(request.mode, existing && { memory: readMemory(existing.body) }, {
    verdict: report.verdict,
    content: contentDigest(report),
    hasFindings: report.findings.some((finding) => finding.waiver === undefined),
  });
  if (!decision.write) {
    return existing ? { action: 'unchanged', url: existing.url } : { action: 'not-wanted' };
  }
  const now = runMemory(report);
  const before = now === undefined || existing === undefined ? undefined : runBefore(existing.body, now);
  const since = before === undefined ? undefined : sinceLine(report, before);
  const body = commentBody(
    [
      commentMarker(request.key),
      memoryLine(decision.memory),
      ...(decision.memory.state === 'resolved'
        ? ['**Resolved:** what an earlier commit was blocked for is gone.', '']
        : []),
    ],
    request.render,
    {
      ...(since === undefined ? {} : { since }),
      ...(now === undefined ? {} : { runs: runsLine(now, before) }),
    },
  );
  if (existing === undefined) {
    const created = await sendOnce(
      async () => {
        const { data } = await client.rest.issues.createComment({ ...repository, issue_number: request.number, body });
        return { id: data.id, url: data.html_url, body };
      },
      () => findComment(request, login),
    );
    return { action: 'created', url: created.url };
  }
  if (stored(existing.body) === stored(body)) return { action: 'unchanged', url: existing.url };
  await client.rest.issues.updateComment({ ...repository, comment_id: existing.id, body, request: REPEATABLE });
  return { action: 'updated', url: existing.url };
}
