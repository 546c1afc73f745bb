import type { GateReport } from '../gate/report.ts';
import { truncate } from '../text/truncate.ts';
import { visibleLine } from '../text/visible.ts';
import { type GitHubClient, REPEATABLE } from './client.ts';
import type { Repository } from './payload.ts';

/** Characters. Source: docs.github.com, "Create a commit status". */
const LONGEST = 140;

/** The verdict as a commit status: all that a token without checks can say of a commit. Errors are Octokit's. */
export async function putCommitStatus(
  client: GitHubClient,
  repository: Repository,
  request: {
    readonly headSha: string;
    readonly name: string;
    readonly report: GateReport;
    readonly detailsUrl?: string;
  },
): Promise<void> {
  const { headSha, name, report, detailsUrl } = request;
  await client.rest.repos.createCommitStatus({
    ...repository,
    sha: headSha,
    state: report.verdict === 'pass' ? 'success' : 'failure',
    context: name,
    description: truncate(visibleLine(report.headline), LONGEST),
    ...(detailsUrl && { target_url: detailsUrl }),
    // The newest of a name counts.
    request: REPEATABLE,
  });
}
