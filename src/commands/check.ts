import { resolve } from 'node:path';
import type { OpenReleases } from '../baseline/release-source.ts';
import { UsageError } from '../errors.ts';
import { type CacheRequest, LOCAL_USE } from '../gate/reuse/use.ts';
import { type GateRun, isBroken } from '../gate/run.ts';
import type { Progress } from '../gate/step.ts';
import { lazyReleases } from '../github/lazy-releases.ts';
import { repositoryOf } from '../github/payload.ts';
import { programDigest } from '../installation.ts';
import { type CommitFiles, commitId, gitCommitFiles } from '../process/git-files.ts';
import { renderText } from '../report/text.ts';
import { type ReportFormat, renderReport, writeReports } from '../report/write.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import { gateOrShard, type ShardChoice } from './scale.ts';

export interface CheckOptions {
  /** As the user gave it. */
  readonly config: string;
  readonly format: Format;
  /** Names of plugins; all unless given. */
  readonly plugins?: readonly string[];
  /** Directory for all report files; the configuration's unless given. Empty: none are written. */
  readonly reportDirectory?: string;
  /** Commit whose policy judges, as git names it. */
  readonly base?: string;
  /** Only plugins that differ from `base`. */
  readonly onlyChanged?: boolean;
  /** One shard of a plan, or what its shards come to. */
  readonly part?: ShardChoice;
  /** false: the verdict is not signed, whatever the configuration says. */
  readonly sign?: boolean;
  /** Directory with results of earlier runs, as the user gave it. */
  readonly cache?: string;
}

export interface CheckDeps {
  /** Absolute path that the user's paths start from. */
  readonly directory: string;
  /** Absolute path of the repository, for places in sources. */
  readonly repository: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly version: string;
  readonly source?: GateRun['report']['source'];
}

const FILES: readonly ReportFormat[] = ['json', 'markdown', 'sarif', 'html', 'text'];

/**
 * `plugin-gate check`: the whole gate.
 * @returns 0 nothing blocks, 1 the gate blocks, 4 the machine or the gate itself failed at a step
 * @throws UsageError for a wrong configuration
 */
export async function checkCommand(options: CheckOptions, deps: CheckDeps, terminal: Terminal): Promise<ExitCode> {
  if (options.onlyChanged === true && options.base === undefined) {
    throw new UsageError('--only-changed needs the commit that is compared with: --base <commit>.');
  }
  const { report, config } = await gateOrShard(
    {
      configFile: options.config,
      directory: deps.directory,
      repository: deps.repository,
      environment: deps.environment,
      openReleases: releasesFrom(deps),
      progress: deps.progress,
      version: deps.version,
      now: new Date(),
      ...(options.plugins === undefined ? {} : { only: options.plugins }),
      ...(deps.source === undefined ? {} : { source: deps.source }),
      ...(options.sign === undefined ? {} : { sign: options.sign }),
      ...(options.onlyChanged === undefined ? {} : { onlyChanged: options.onlyChanged }),
      ...(options.base === undefined ? {} : await changeSince(options.base, deps)),
      ...(options.cache === undefined ? {} : { cache: await cacheFor(options.cache, deps) }),
    },
    options.part,
  );
  const directory =
    options.reportDirectory === undefined
      ? resolve(config.root, config.config.report.directory)
      : options.reportDirectory === ''
        ? undefined
        : resolve(deps.directory, options.reportDirectory);
  // The verdict is shown even where the files cannot be written.
  const show = async (written: readonly { readonly path: string }[]): Promise<void> => {
    if (options.format === 'text') {
      terminal.out(
        renderText(report, {
          colour: terminal.colour,
          width: terminal.width,
          written: written.map(({ path }) => path),
        }),
      );
    } else terminal.out(await renderReport(report, options.format));
  };
  if (directory === undefined) await show([]);
  else {
    try {
      await show(await writeReports(report, directory, FILES, undefined, deps.repository));
    } catch (error) {
      await show([]);
      throw error;
    }
  }
  if (isBroken(report)) return 4;
  return report.verdict === 'pass' ? 0 : 1;
}

/** Releases through GitHub's API, as `gh` would ask for them; without a token, public ones. */
function releasesFrom({ environment, version }: CheckDeps): OpenReleases {
  const token = environment.GH_TOKEN || environment.GITHUB_TOKEN || '';
  const apiUrl = (environment.GITHUB_API_URL || 'https://api.github.com').replace(/\/+$/, '');
  return lazyReleases(repositoryOf(environment.GITHUB_REPOSITORY), async (repository) => {
    const { releasesOnGitHub } = await import('../parts/github.ts');
    return releasesOnGitHub({ apiUrl, token, version, log: () => {} }, repository);
  });
}

/** In a workflow the event decides what may be reused, as for the Action. */
async function cacheFor(given: string, { directory, environment }: CheckDeps): Promise<CacheRequest> {
  const cache = { directory: resolve(directory, given), tool: programDigest() };
  if (environment.GITHUB_ACTIONS !== 'true') return { ...cache, use: LOCAL_USE };
  const [{ cacheUse }, { githubContext }, { readEvent }] = await Promise.all([
    import('../action/cache-use.ts'),
    import('../github/context.ts'),
    import('../action/event.ts'),
  ]);
  const context = githubContext(environment, await readEvent(environment.GITHUB_EVENT_PATH));
  const checkedOut = await commitId(directory, 'HEAD', environment);
  return {
    ...cache,
    use: cacheUse(context, false, checkedOut),
    ...(context.runUrl === undefined ? {} : { run: context.runUrl }),
  };
}

async function changeSince(
  name: string,
  { directory, environment }: CheckDeps,
): Promise<{ readonly base: CommitFiles; readonly head?: CommitFiles }> {
  const at = async (commit: string): Promise<CommitFiles | undefined> => {
    const id = await commitId(directory, commit, environment);
    return id === undefined ? undefined : await gitCommitFiles(directory, id, environment);
  };
  const base = await at(name);
  if (base === undefined) throw new UsageError(`git knows no commit ${name} in ${directory}; fetch it first.`);
  const head = await at('HEAD');
  return { base, ...(head === undefined ? {} : { head }) };
}
