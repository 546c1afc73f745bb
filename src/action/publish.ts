import { appendFile } from 'node:fs/promises';
import type { GateReport } from '../gate/report.ts';
import type { GitHubContext } from '../github/context.ts';
import type { PostOutcome, PostRequest } from '../github/post.ts';
import { renderAnnotations } from '../report/annotations.ts';
import { linksOf } from '../report/links.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { type WrittenReport, writeReports } from '../report/write.ts';
import { visibleLine } from '../text/visible.ts';
import type { ActionLog } from './log.ts';
import { outputsOf, type SetOutput, setOutputs } from './outputs.ts';

/** Bytes; GitHub takes 1 MiB a step and drops a larger summary as a whole. */
const SUMMARY_LIMIT = 1_000_000;

export interface PublishRequest {
  readonly report: GateReport;
  readonly context: GitHubContext;
  readonly log: ActionLog;
  /** Absolute. */
  readonly reportDirectory: string;
  /** Absolute path of the checkout: nothing is written out of it by a link. */
  readonly workspace: string;
  /** Absolute path of the directory that artifacts' paths start from. */
  readonly root: string;
  /** Absolute path of the audit record. */
  readonly record?: string;
  /** GITHUB_STEP_SUMMARY. */
  readonly summaryFile: string | undefined;
  readonly setOutput: SetOutput;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  readonly posting: Pick<PostRequest, 'key' | 'comment' | 'checkRun' | 'sarif' | 'token' | 'client'>;
  /** Tag of the draft release that the report, snapshots and verdicts are attached to. */
  readonly attachTo?: string;
}

function reason(error: unknown): string {
  return visibleLine(error instanceof Error ? error.message : String(error));
}

/** Appends to the job summary; that it cannot is said, and fails nothing. */
export async function writeSummary(markdown: string, file: string | undefined, log: ActionLog): Promise<void> {
  if (file === undefined || file === '') return;
  try {
    await appendFile(file, `${markdown.trimEnd()}\n`);
  } catch (error) {
    log.annotate('warning', `Could not write the job summary: ${reason(error)}`);
  }
}

async function writeFiles(request: PublishRequest): Promise<readonly WrittenReport[]> {
  const { report, reportDirectory, context, log, workspace } = request;
  try {
    return await writeReports(
      report,
      reportDirectory,
      ['html', 'json', 'sarif', 'markdown'],
      context.serverUrl,
      workspace,
    );
  } catch (error) {
    log.annotate('warning', reason(error));
    return [];
  }
}

function logPosting(outcome: PostOutcome, log: ActionLog): void {
  for (const surface of outcome.surfaces) {
    switch (surface.state) {
      case 'posted':
        log.info(
          visibleLine(`${surface.surface}: ${surface.detail}${surface.url === undefined ? '' : `, ${surface.url}`}`),
        );
        break;
      case 'skipped':
        log.info(`${surface.surface}: not posted, ${surface.reason}`);
        break;
      case 'failed':
        log.info(visibleLine(`${surface.surface}: not posted, ${surface.failure.message}`));
        break;
    }
  }
  if (outcome.notice !== undefined) {
    log.annotate('notice', outcome.notice, { title: 'plugin-gate could not post everything' });
  }
}

/**
 * Brings a report to everyone who has to see it. All that stays on this machine is written before the first request to
 * GitHub: when that fails, nothing is lost.
 */
export async function publish(request: PublishRequest): Promise<void> {
  const { report, context, log, posting } = request;
  const links = linksOf(report, context.serverUrl);
  const render = (limitBytes: number, since?: string) =>
    renderMarkdown(report, { limitBytes, links, ...(since === undefined ? {} : { since }) });

  const written = await writeFiles(request);
  setOutputs(outputsOf(report, request.reportDirectory, written, request), request.setOutput);
  await writeSummary(render(SUMMARY_LIMIT), request.summaryFile, log);
  log.info(renderText(report, { colour: true, written: written.map(({ path }) => path) }));
  log.commands(renderAnnotations(report));

  const { attachTo: tag } = request;
  const files = async () => {
    const { releaseFiles } = await import('./release-files.ts');
    const { files, problems } = await releaseFiles(report, request.root, written);
    for (const problem of problems) log.annotate('warning', visibleLine(`Not attached to the release: ${problem}`));
    return files;
  };
  const release = tag === undefined ? {} : { release: { tag, files } };
  logPosting(await request.post({ context, report, render, ...posting, ...release }), log);
}

export interface PublishForeignRequest {
  readonly log: ActionLog;
  readonly summaryFile: string | undefined;
  readonly setOutput: SetOutput;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  readonly posting: PostRequest;
}

/** Posts a report that another run made. Report files are that run's; they are not written again. */
export async function publishForeign({ log, posting, ...request }: PublishForeignRequest): Promise<void> {
  setOutputs(outputsOf(posting.report, '', []), request.setOutput);
  await writeSummary(posting.render(SUMMARY_LIMIT), request.summaryFile, log);
  logPosting(await request.post(posting), log);
}
