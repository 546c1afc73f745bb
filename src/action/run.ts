import { dirname, resolve } from 'node:path';
import type { OpenReleases } from '../baseline/release-source.ts';
import type { ExitCode } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import type { Progress } from '../gate/step.ts';
import type { ClientOptions } from '../github/client.ts';
import type { CommentMode } from '../github/comment-decision.ts';
import { type GitHubContext, githubContext } from '../github/context.ts';
import { DEFAULT_KEY } from '../github/key.ts';
import { lazyReleases } from '../github/lazy-releases.ts';
import type { Repository } from '../github/payload.ts';
import type { PostOutcome, PostRequest } from '../github/post.ts';
import { renderReport } from '../report/write.ts';
import { codeBlock } from '../text/markdown.ts';
import { truncateBytes } from '../text/truncate.ts';
import type { FilesOnGitHub } from './base.ts';
import { gateEnvironment, signingEnvironment } from './environment.ts';
import { readEvent } from './event.ts';
import { reportFailure } from './failure.ts';
import { type GatePart, readInputs } from './inputs.ts';
import { actionLog } from './log.ts';
import { NO_VERDICT, type SetOutput, setOutputs } from './outputs.ts';
import { publish, publishForeign, writeSummary } from './publish.ts';

/** What the gate is asked for. */
export interface GateRequest {
  /** Absolute. */
  readonly configFile: string;
  /** Absolute path of the checkout; files in the report are relative to it. */
  readonly workspace: string;
  /** What the gate and the programs that it starts may see. */
  readonly env: Readonly<Record<string, string>>;
  readonly context: GitHubContext;
  readonly progress: Progress;
  readonly version: string;
  /** How the base commit is asked for when the checkout lacks it; absent without a token. */
  readonly onGitHub?: FilesOnGitHub;
  /** Only plugins that a pull request touches. */
  readonly onlyChanged?: boolean;
  /** Directory with results of earlier runs, absolute. */
  readonly cache?: string;
  /** Tag of the draft release that is gated; else that of the event. */
  readonly tag?: string;
  /** How releases are asked for. */
  readonly openReleases: OpenReleases;
  /** One shard of a plan, or all of them brought together; the whole gate unless given. */
  readonly part?: GatePart;
  /** Variables of the job that only the signing of the verdict sees. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** false: nothing is signed, whatever the configuration says. */
  readonly sign?: boolean;
}

export type PlanRequest = Pick<GateRequest, 'configFile' | 'workspace' | 'context' | 'version'> & {
  readonly part: Extract<GatePart, { readonly mode: 'plan' }>;
};

/** The `report` section of the configuration; an input of the Action goes before it. */
export interface ReportSettings {
  /** Absolute. */
  readonly directory: string;
  readonly comment: CommentMode;
  readonly key: string;
  readonly checkRun: boolean;
  /** The audit record, absolute. */
  readonly record?: string;
}

export interface GateResult {
  readonly report: GateReport;
  /** The machine or the gate itself failed: the exit code says so, whatever the verdict. */
  readonly broken: boolean;
  readonly settings: ReportSettings;
}

/** The runner around the Action, and the two parts that are loaded when they are used. */
export interface ActionDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Appends to standard output. */
  readonly write: (text: string) => void;
  /** Value of an input, empty when it is not set. */
  readonly getInput: (name: string) => string;
  /** Has the runner mask a text in the log. */
  readonly setSecret: (secret: string) => void;
  readonly setOutput: SetOutput;
  /** @throws UsageError, EnvironmentError */
  readonly gate: (request: GateRequest) => Promise<GateResult>;
  /** Writes a plan and gives the matrix. @throws UsageError, EnvironmentError */
  readonly plan: (request: PlanRequest) => Promise<string>;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  /** Limits of the API client, other than its own. */
  readonly client?: Partial<PostRequest['client']>;
}

/** The token stays in here: the gate gets what it may ask, not what it asks with. */
function filesOnGitHub(options: ClientOptions): FilesOnGitHub {
  return async (repository, commit) =>
    (await import('../parts/github.ts')).commitFilesOnGitHub(options, repository, commit);
}

/** The same for releases; the API client is loaded when a previous release is asked for. */
function openReleases(options: ClientOptions, own: Repository | undefined): OpenReleases {
  return lazyReleases(own, async (repository) =>
    (await import('../parts/github.ts')).releasesOnGitHub(options, repository),
  );
}

function refuseUnsafe({ kind }: GitHubContext): void {
  if (kind !== 'pull-request-target') return;
  throw new UsageError(
    'plugin-gate does not run on pull_request_target: it builds and loads the code of the pull request, and that event gives such code the write token and the secrets of the repository. Use "on: pull_request".',
  );
}

/**
 * The Action: inputs, the gate, reports, posting. Never throws.
 * @returns what the process ends with: 0 passed, 1 blocked, 2 wrong inputs or configuration, 4 broken environment or our fault
 */
export async function runAction(deps: ActionDeps): Promise<ExitCode> {
  const { env } = deps;
  const log = actionLog(deps.write, env.RUNNER_DEBUG === '1');
  const workspace = resolve(env.GITHUB_WORKSPACE || '.');
  try {
    const secret = deps.getInput('token');
    if (secret !== '') deps.setSecret(secret);
    const inputs = readInputs(deps.getInput, workspace);
    const event = await readEvent(env.GITHUB_EVENT_PATH);
    const context = githubContext(env, event);
    refuseUnsafe(context);
    const client = { version: deps.version, log: log.debug, ...deps.client };
    if (inputs.report !== undefined) {
      const { readForeign } = await import('./foreign.ts');
      const posting = readForeign(inputs.report, workspace, context, event);
      await publishForeign({
        log,
        summaryFile: env.GITHUB_STEP_SUMMARY,
        setOutput: deps.setOutput,
        post: deps.post,
        posting: {
          ...posting,
          key: inputs.key ?? DEFAULT_KEY,
          comment: inputs.comment ?? 'always',
          checkRun: inputs.checkRun ?? true,
          token: inputs.token,
          client,
        },
      });
      return 0;
    }

    const configFile = resolve(inputs.workingDirectory, inputs.config);
    const { part } = inputs;
    if (part?.mode === 'plan') {
      const matrix = await deps.plan({ configFile, workspace, context, version: deps.version, part });
      log.info(`wrote ${part.plan}`);
      setOutputs({ ...NO_VERDICT, verdict: 'planned', matrix, plan: part.plan }, deps.setOutput);
      return 0;
    }

    let result: GateResult;
    try {
      result = await deps.gate({
        configFile,
        workspace,
        ...(part && { part }),
        env: gateEnvironment(env),
        secrets: signingEnvironment(env),
        ...(inputs.sign === undefined ? {} : { sign: inputs.sign }),
        context,
        progress: log.progress,
        version: deps.version,
        ...(inputs.onlyChanged === undefined ? {} : { onlyChanged: inputs.onlyChanged }),
        ...(inputs.cache === undefined ? {} : { cache: inputs.cache }),
        ...(inputs.attachTo === undefined ? {} : { tag: inputs.attachTo }),
        openReleases: openReleases({ ...client, token: inputs.token, apiUrl: context.apiUrl }, context.repository),
        ...(inputs.token !== '' && {
          onGitHub: filesOnGitHub({ ...client, token: inputs.token, apiUrl: context.apiUrl }),
        }),
      });
    } finally {
      log.progress.end();
    }

    const { report, settings } = result;
    await publish({
      report,
      context,
      log,
      reportDirectory: resolve(inputs.workingDirectory, inputs.reportDirectory ?? settings.directory),
      root: dirname(configFile),
      workspace,
      ...(settings.record === undefined ? {} : { record: settings.record }),
      ...(inputs.attachTo === undefined ? {} : { attachTo: inputs.attachTo }),
      summaryFile: env.GITHUB_STEP_SUMMARY,
      setOutput: deps.setOutput,
      post: deps.post,
      posting: {
        key: inputs.key ?? settings.key,
        // What the shards come to is posted by the job that brings them together.
        comment: part?.mode === 'shard' ? 'never' : (inputs.comment ?? settings.comment),
        checkRun: part?.mode !== 'shard' && (inputs.checkRun ?? settings.checkRun),
        token: inputs.token,
        client,
        ...(inputs.sarif &&
          part?.mode !== 'shard' && { sarif: () => renderReport(report, 'sarif', context.serverUrl) }),
      },
    });
    if (result.broken) return 4;
    return report.verdict === 'pass' ? 0 : 1;
  } catch (error) {
    const { exitCode, text } = reportFailure(error, log);
    const shown = codeBlock(truncateBytes(text, 100_000));
    await writeSummary(`## plugin-gate came to no verdict\n\n${shown}`, env.GITHUB_STEP_SUMMARY, log);
    try {
      setOutputs(NO_VERDICT, deps.setOutput);
    } catch (outputError) {
      log.info(`Could not set the outputs: ${outputError instanceof Error ? outputError.message : outputError}`);
    }
    return exitCode;
  }
}
