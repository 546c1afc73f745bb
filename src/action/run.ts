import { appendFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ExitCode } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import type { Progress } from '../gate/step.ts';
import type { CommentMode } from '../github/comment-decision.ts';
import { type GitHubContext, githubContext } from '../github/context.ts';
import type { PostOutcome, PostRequest } from '../github/post.ts';
import { codeBlock } from '../text/markdown.ts';
import { visibleLine } from '../text/visible.ts';
import { gateEnvironment } from './environment.ts';
import { reportFailure } from './failure.ts';
import { type ActionInputs, readInputs } from './inputs.ts';
import { type ActionLog, actionLog } from './log.ts';
import { type ActionOutputs, NO_VERDICT, outputsOf, type ReportFiles } from './outputs.ts';
import { relocated, relocation } from './paths.ts';

/** What the gate is asked for. */
export interface GateRequest {
  /** As given: relative to `root`. */
  readonly configFile: string;
  /** Absolute. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly context: GitHubContext;
  readonly progress: Progress;
}

/** The `report` section of the configuration; an input of the Action goes before it. */
export interface ReportSettings {
  /** Relative to the working directory. */
  readonly directory: string;
  readonly comment: CommentMode;
  readonly key: string;
  readonly checkRun: boolean;
}

/** Where links of a rendered report lead. */
export interface ReportLinks {
  /** For example `https://github.com/o/r/blob/<commit>`, without a slash at the end. */
  readonly blob?: string;
  /** The page of the workflow run, where the report files are. */
  readonly run?: string;
}

/** Everything that the Action uses and does not do itself. */
export interface ActionDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Appends to standard output. */
  readonly write: (text: string) => void;
  readonly getInput: (name: string) => string;
  readonly setSecret: (secret: string) => void;
  readonly setOutput: (name: string, value: string) => void;
  readonly gate: (request: GateRequest) => Promise<{ readonly report: GateReport; readonly settings: ReportSettings }>;
  readonly writeReports: (report: GateReport, directory: string) => Promise<ReportFiles>;
  readonly renderText: (report: GateReport) => string;
  readonly renderMarkdown: (
    report: GateReport,
    options: { readonly limitBytes: number; readonly links: ReportLinks },
  ) => string;
  /** Workflow commands, escaped, inside the caps of a step. */
  readonly annotations: (report: GateReport) => readonly string[];
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  readonly client?: Partial<PostRequest['client']>;
}

/** Bytes; GitHub takes 1 MiB a step and drops a larger summary as a whole. */
const SUMMARY_LIMIT = 1_000_000;

async function readEvent(path: string | undefined): Promise<unknown> {
  if (path === undefined || path === '') return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function linksOf({ repository, headSha, serverUrl, runUrl }: GitHubContext): ReportLinks {
  return {
    ...(repository && headSha && { blob: `${serverUrl}/${repository.owner}/${repository.repo}/blob/${headSha}` }),
    ...(runUrl && { run: runUrl }),
  };
}

function refuseUnsafe({ kind }: GitHubContext): void {
  if (kind !== 'pull-request-target') return;
  throw new UsageError(
    'plugin-gate does not run on pull_request_target: it builds and loads the code of the pull request, and that event gives such code the write token and the secrets of the repository. Use "on: pull_request".',
  );
}

/** Appends to the job summary; that it cannot is said, and fails nothing. */
async function writeSummary(markdown: string, file: string | undefined, log: ActionLog): Promise<void> {
  if (file === undefined || file === '') return;
  try {
    await appendFile(file, `${markdown.trimEnd()}\n`);
  } catch (error) {
    log.annotate('warning', `Could not write the job summary: ${error instanceof Error ? error.message : error}`);
  }
}

function setOutputs(outputs: ActionOutputs, deps: ActionDeps): void {
  for (const [name, value] of Object.entries(outputs)) deps.setOutput(name, String(value));
}

function logPosting(outcome: PostOutcome, log: ActionLog): void {
  for (const surface of outcome.surfaces) {
    switch (surface.state) {
      case 'posted':
        log.info(
          `${surface.surface}: ${surface.detail}${surface.url === undefined ? '' : `, ${visibleLine(surface.url)}`}`,
        );
        break;
      case 'skipped':
        log.info(`${surface.surface}: not posted, ${surface.reason}`);
        break;
      case 'failed':
        log.info(`${surface.surface}: not posted, ${visibleLine(surface.failure.message)}`);
        break;
    }
  }
  if (outcome.notice !== undefined)
    log.annotate('notice', outcome.notice, { title: 'plugin-gate could not post everything' });
}

/** Everything on this machine is written before the first request to GitHub: when that fails, nothing is lost. */
async function publish(
  report: GateReport,
  settings: ReportSettings,
  inputs: ActionInputs,
  context: GitHubContext,
  deps: ActionDeps,
  log: ActionLog,
): Promise<void> {
  const links = linksOf(context);
  const render = (limitBytes: number) => deps.renderMarkdown(report, { limitBytes, links });
  log.info(deps.renderText(report));
  log.commands(deps.annotations(report));
  await writeSummary(render(SUMMARY_LIMIT), deps.env.GITHUB_STEP_SUMMARY, log);

  const directory = resolve(inputs.workingDirectory, inputs.reportDirectory ?? settings.directory);
  let files: ReportFiles | undefined;
  try {
    files = await deps.writeReports(report, directory);
  } catch (error) {
    log.annotate(
      'warning',
      `Could not write the report files to ${directory}: ${error instanceof Error ? error.message : error}`,
    );
  }
  setOutputs(outputsOf(report, files), deps);

  const outcome = await deps.post({
    context,
    report,
    render,
    key: inputs.key ?? settings.key,
    comment: inputs.comment ?? settings.comment,
    checkRun: inputs.checkRun ?? settings.checkRun,
    token: inputs.token,
    client: { version: deps.version, log: log.debug, ...deps.client },
  });
  logPosting(outcome, log);
}

/**
 * The Action: inputs, the gate, reports, and posting. Never throws.
 * @returns what the process ends with: 0 passed, 1 blocked, 2 wrong configuration, 4 broken environment or our fault
 */
export async function runAction(deps: ActionDeps): Promise<ExitCode> {
  const { env } = deps;
  const log = actionLog(deps.write, env.RUNNER_DEBUG === '1');
  const workspace = resolve(env.GITHUB_WORKSPACE || '.');
  let relocate = (file: string) => file;
  try {
    const token = deps.getInput('token');
    if (token !== '') deps.setSecret(token);
    const inputs = readInputs(deps.getInput, workspace);
    relocate = relocation(workspace, inputs.workingDirectory);
    const context = githubContext(env, await readEvent(env.GITHUB_EVENT_PATH));
    refuseUnsafe(context);
    let gate: Awaited<ReturnType<ActionDeps['gate']>>;
    try {
      gate = await deps.gate({
        configFile: inputs.config,
        root: inputs.workingDirectory,
        env: gateEnvironment(env),
        context,
        progress: log.progress,
      });
    } finally {
      log.progress.end();
    }
    const report = relocated(gate.report, relocate);
    await publish(report, gate.settings, inputs, context, deps, log);
    return report.verdict === 'pass' ? 0 : 1;
  } catch (error) {
    const { exitCode, text } = reportFailure(error, log, relocate);
    await writeSummary(
      `## plugin-gate came to no verdict\n\n${codeBlock(text.slice(0, 100_000))}`,
      env.GITHUB_STEP_SUMMARY,
      log,
    );
    try {
      setOutputs(NO_VERDICT, deps);
    } catch (outputError) {
      log.info(`Could not set the outputs: ${outputError instanceof Error ? outputError.message : outputError}`);
    }
    return exitCode;
  }
}
