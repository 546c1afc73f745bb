import type { GateReport, GateVerdict } from '../gate/report.ts';
import { truncate, truncateBytes } from '../text/truncate.ts';
import { visibleLine } from '../text/visible.ts';
import { BATCH, type CheckAnnotation, checkAnnotations } from './annotations.ts';
import { type GitHubClient, sendOnce } from './client.ts';
import type { Render } from './comment.ts';
import type { Repository } from './context.ts';

/** Characters allowed are 65,535; bytes are at least as many. */
const SUMMARY_LIMIT = 65_000;
const TITLE_LIMIT = 255;

export interface CheckRunRequest {
  readonly client: GitHubClient;
  readonly repository: Repository;
  /** The commit that people see (GitHubContext.headSha). */
  readonly headSha: string;
  /** Name under which the check run is listed. */
  readonly name: string;
  /** Of this run of the workflow and no other, so that a lost answer can be told from an older check run. */
  readonly externalId: string;
  readonly detailsUrl?: string;
  readonly report: GateReport;
  readonly render: Render;
  /** See PostRequest. */
  readonly unproven?: boolean;
}

export interface CheckRunOutcome {
  readonly url?: string;
  /** Annotations that GitHub has. */
  readonly annotations: number;
}

/**
 * What a verdict is as a conclusion: undecided is no pass, and its title tells it from a failure.
 * @param unproven nobody but the pull request itself says so: no success
 */
export function conclusionOf(verdict: GateVerdict, unproven = false): 'success' | 'neutral' | 'failure' {
  switch (verdict) {
    case 'pass':
      return unproven ? 'neutral' : 'success';
    case 'fail':
    case 'undecided':
      return 'failure';
  }
}

function titleOf(report: GateReport, unproven: boolean): string {
  const words = { pass: 'Passed', fail: 'Blocked', undecided: 'Blocked, undecided' }[report.verdict];
  const source = unproven ? ' in the run of the pull request' : '';
  return truncate(visibleLine(`${words}${source}: ${report.headline}`), TITLE_LIMIT);
}

function summaryOf(render: Render, more: number): string {
  const note =
    more === 0 ? '' : `\n\n${more} more findings have no annotation: only the most severe are shown at their lines.\n`;
  return truncateBytes(render(SUMMARY_LIMIT - Buffer.byteLength(note)), SUMMARY_LIMIT - Buffer.byteLength(note)) + note;
}

function batches(annotations: readonly CheckAnnotation[]): readonly CheckAnnotation[][] {
  const result: CheckAnnotation[][] = [];
  for (let from = 0; from < annotations.length; from += BATCH) result.push(annotations.slice(from, from + BATCH));
  return result;
}

/**
 * Makes one completed check run; a later one of the same name takes its place in what GitHub shows, as annotations
 * cannot be taken back from an existing one. The first request says the conclusion already, so that nothing is left
 * unfinished when a later one fails. Errors are Octokit's.
 */
export async function putCheckRun(request: CheckRunRequest): Promise<CheckRunOutcome> {
  const { client, repository, report, unproven = false } = request;
  const { shown, more } = checkAnnotations(report);
  const output = { title: titleOf(report, unproven), summary: summaryOf(request.render, more) };
  const [first = [], ...rest] = batches(shown);

  const run = await sendOnce(
    async () => {
      const { data } = await client.rest.checks.create({
        ...repository,
        name: request.name,
        head_sha: request.headSha,
        status: 'completed',
        conclusion: conclusionOf(report.verdict, unproven),
        external_id: request.externalId,
        ...(request.detailsUrl && { details_url: request.detailsUrl }),
        output: { ...output, annotations: first.map((annotation) => ({ ...annotation })) },
      });
      return data;
    },
    async () => {
      const { data } = await client.rest.checks.listForRef({
        ...repository,
        ref: request.headSha,
        check_name: request.name,
      });
      return data.check_runs.find((found) => found.external_id === request.externalId);
    },
  );

  let sent = first.length;
  for (const batch of rest) {
    const expected = sent + batch.length;
    await sendOnce(
      async () => {
        await client.rest.checks.update({
          ...repository,
          check_run_id: run.id,
          output: { ...output, annotations: batch.map((annotation) => ({ ...annotation })) },
        });
        return true;
      },
      async () => {
        const { data } = await client.rest.checks.get({ ...repository, check_run_id: run.id });
        return data.output.annotations_count >= expected ? true : undefined;
      },
    );
    sent = expected;
  }
  return { annotations: sent, ...(run.html_url && { url: run.html_url }) };
}
