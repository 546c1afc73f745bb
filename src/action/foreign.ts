import { relative } from 'node:path';
import { readArtifact } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import type { GitHubContext } from '../github/context.ts';
import type { PostRequest } from '../github/post.ts';
import { pullRequestOfRun } from '../github/pull-of-run.ts';
import { type WorkflowRun, workflowRunOf } from '../github/workflow-run.ts';
import { foreignReport } from '../report/foreign.ts';
import { linksOf } from '../report/links.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { codeSpan } from '../text/markdown.ts';
import { byteLength } from '../text/truncate.ts';

/** Bytes. */
const LARGEST = 32 * 1024 * 1024;

/** A report that another workflow run made, ready to be posted by one that may write. */
export type Foreign = Pick<PostRequest, 'context' | 'report' | 'render' | 'unproven' | 'findPullRequest'>;

/** Said above everything: who runs a pull request of a fork decides what its run reports. */
function note(run: WorkflowRun, context: GitHubContext): string {
  const { serverUrl, repository } = context;
  const page = `${serverUrl}/${repository?.owner}/${repository?.repo}/actions/runs/${run.id}`;
  const { headRepository: from } = run;
  const where = from === undefined ? 'a repository that is gone' : codeSpan(`${from.owner}/${from.repo}`);
  return `> [!NOTE]\n> Reported by [the workflow run of the pull request](${page}), which runs code from ${where} and ended with ${codeSpan(run.conclusion)}. That code could have changed the report.\n\n`;
}

/**
 * Reads a report that was made by the workflow run which started this one, checks it against what GitHub says of that
 * run, and makes everything anew from its data.
 * @param file absolute path
 * @param workspace absolute path that the file must lie in
 * @param event the parsed payload
 * @throws UsageError when the event is not `workflow_run`, or the report is not one of that run
 */
export function readForeign(file: string, workspace: string, context: GitHubContext, event: unknown): Foreign {
  const run = context.kind === 'workflow-run' ? workflowRunOf(event) : undefined;
  const { repository } = context;
  if (run === undefined || repository === undefined) {
    throw new UsageError(
      'A report is posted for another workflow run: use it in a workflow with "on: workflow_run". docs/forks.md has both workflows to copy.',
    );
  }
  if (run.event !== 'pull_request') {
    throw new UsageError(
      `The run ${run.id} was started by ${run.event}, not by pull_request; there is nothing to post.`,
    );
  }
  const { artifact, problem } = readArtifact(workspace, relative(workspace, file), { maxSize: LARGEST });
  if (artifact === undefined) throw new UsageError(`The report cannot be read. ${problem.message}`);
  const report = foreignReport(Buffer.from(artifact.bytes).toString('utf8'), {
    repository: `${repository.owner}/${repository.repo}`,
    commit: run.headSha,
    conclusion: run.conclusion,
  });
  const links = linksOf(report, context.serverUrl);
  const first = note(run, context);
  const runUrl = `${context.serverUrl}/${repository.owner}/${repository.repo}/actions/runs/${run.id}`;
  return {
    context: { ...context, headSha: run.headSha, runUrl },
    report,
    render: (limitBytes, since) =>
      first +
      renderMarkdown(report, {
        limitBytes: limitBytes - byteLength(first),
        links,
        ...(since === undefined ? {} : { since }),
      }),
    unproven: true,
    findPullRequest: (client, ours) => pullRequestOfRun(client, ours, run),
  };
}
