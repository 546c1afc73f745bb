import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { readArtifact } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';
import { parseReport } from '../report/schema.ts';
import { renderText } from '../report/text.ts';
import { renderReport } from '../report/write.ts';
import { visibleLine } from '../text/visible.ts';
import type { ExitCode, Format, Terminal } from './command.ts';

export interface ReportOptions {
  /** As the user gave it. */
  readonly file: string;
  readonly format: Format;
  /** Post it for the workflow run that started this one. */
  readonly post: boolean;
  readonly key?: string;
}

export interface ReportDeps {
  /** Absolute path that the user's paths start from. */
  readonly directory: string;
  /** The runner's variables, and GITHUB_TOKEN when it is to be posted. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** Bytes. */
const LARGEST = 64 * 1024 * 1024;

/**
 * `plugin-gate report`: shows a report that was made elsewhere, made anew from its data, or posts it.
 * @returns 0 also for a report that blocks: whether it does was decided where it was made
 * @throws UsageError for what is no report, or not one of the workflow run
 */
export async function reportCommand(options: ReportOptions, deps: ReportDeps, terminal: Terminal): Promise<ExitCode> {
  const path = resolve(deps.directory, options.file);
  if (options.post) return await postForeign(path, options, deps, terminal);
  const { artifact, problem } = readArtifact(dirname(path), basename(path), { maxSize: LARGEST });
  if (artifact === undefined) throw new UsageError(`The report cannot be read. ${problem.message}`);
  const report = parseReport(Buffer.from(artifact.bytes).toString('utf8'));
  if (options.format === 'text') {
    terminal.out(renderText(report, { colour: terminal.colour, width: terminal.width }));
  } else terminal.out(await renderReport(report, options.format));
  return 0;
}

async function postForeign(
  path: string,
  options: ReportOptions,
  { directory, environment, version }: ReportDeps,
  terminal: Terminal,
): Promise<ExitCode> {
  const token = environment.GITHUB_TOKEN ?? '';
  const eventFile = environment.GITHUB_EVENT_PATH ?? '';
  if (token === '' || eventFile === '') {
    throw new UsageError(
      'To post a report, run it in a workflow with "on: workflow_run" and give the step "env: { GITHUB_TOKEN: ${{ github.token }} }".',
    );
  }
  const [{ githubContext }, { readForeign }, { postReport }, { DEFAULT_KEY }] = await Promise.all([
    import('../github/context.ts'),
    import('../action/foreign.ts'),
    import('../github/post.ts'),
    import('../github/key.ts'),
  ]);
  const event: unknown = JSON.parse(readFileSync(eventFile, 'utf8'));
  const posting = readForeign(path, directory, githubContext(environment, event), event);
  const { surfaces, notice } = await postReport({
    ...posting,
    key: options.key ?? DEFAULT_KEY,
    comment: 'always',
    checkRun: true,
    token,
    client: { version, log: () => {} },
  });
  for (const one of surfaces) {
    const text =
      one.state === 'posted' ? one.detail : `not posted, ${one.state === 'skipped' ? one.reason : one.failure.message}`;
    terminal.out(`${one.surface}: ${visibleLine(text)}\n`);
  }
  if (notice !== undefined) terminal.err(`${notice}\n`);
  return 0;
}
