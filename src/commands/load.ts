import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Progress, SILENT } from '../gate/step.ts';
import { loadAgainst, type PreviousRelease } from '../loader/against.ts';
import { loadPlugin } from '../loader/load.ts';
import type { LoadEvidence, LoadRequest, LoadTimeouts } from '../loader/model.ts';
import type { SandboxProfile } from '../loader/sandbox.ts';
import { renderTrail } from '../loader/trail.ts';
import { type LoadReport, type LoadVerdict, loadVerdict, renderLoadJson, renderLoadText } from '../report/load.ts';
import { styleFor } from '../text/style.ts';
import { escapeTerminal } from '../text/terminal.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import { readInput } from './read-input.ts';

export interface LoadCommandOptions {
  /** Symbols that dlsym must find. */
  readonly symbols?: readonly string[];
  /** Functions `int NAME(void)` that must return 0. */
  readonly probes?: readonly string[];
  readonly profile?: SandboxProfile;
  /** File of the release before: what is new is told, and a swap is rehearsed when there is a probe. */
  readonly previous?: string;
  /** Milliseconds for each phase. */
  readonly timeout?: number;
  /** File that the audit trail is written to, as JSON lines. */
  readonly audit?: string;
  /** Load and unload it so often besides. */
  readonly cycles?: number;
  readonly format?: Format;
  /** Environment of the command: a Go plugin is opened in a Go host that is compiled with a part of it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * `plugin-gate load FILE`: loads a plugin for real, in a process of its own, and prints what happened. Libraries beside the
 * file are found where its RUNPATH says `$ORIGIN`.
 * @returns 0 loaded and healthy; 1 not; 3 it could not be told
 * @throws UsageError for a file that cannot be opened and for options that are not known
 */
export async function loadCommand(file: string, options: LoadCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const format = options.format ?? 'text';
  if (format !== 'text' && format !== 'json') {
    throw new UsageError(`load has no ${format} output; use --format text or --format json.`);
  }
  const bytes = await readInput(file, 'the plugin');
  const request: LoadRequest = {
    file,
    bytes,
    directory: dirname(file),
    ...(options.environment === undefined ? {} : { toolEnvironment: options.environment }),
    symbols: options.symbols ?? [],
    probes: (options.probes ?? []).map((symbol) => ({ symbol, signature: 'int(void)' })),
    ...(options.cycles === undefined ? {} : { cycles: options.cycles }),
    ...(options.profile === undefined ? {} : { sandbox: { profile: options.profile } }),
    ...(options.timeout === undefined ? {} : { timeouts: everyPhase(options.timeout) }),
  };
  const previous = await previousRelease(options.previous);
  if (options.audit !== undefined) refuseInput(options.audit, [file, options.previous]);
  const progress = progressOn(terminal);
  const { findings, evidence, summary } =
    previous === undefined ? await loadPlugin(request, progress) : await loadAgainst(request, previous, progress);
  if (options.audit !== undefined) await writeTrail(options.audit, evidence);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const report: LoadReport = {
    schema: 'plugin-gate/load/v1',
    file,
    digest,
    verdict: loadVerdict(findings),
    summary,
    findings,
    evidence,
  };
  const style = styleFor(terminal.colour);
  terminal.out(format === 'json' ? renderLoadJson(report) : renderLoadText(report, style, terminal.width));
  return exitOf(report.verdict);
}

/** An option in the wrong place must not cost the plugin: the trail would be written over it. */
function refuseInput(audit: string, inputs: readonly (string | undefined)[]): void {
  const target = identityOf(audit);
  const input = inputs.find((one) => one !== undefined && target !== undefined && identityOf(one) === target);
  if (input === undefined) return;
  throw new UsageError(`The audit trail would overwrite ${input}, which is to be loaded: give --audit another file.`);
}

/** The same for all names of one file. */
function identityOf(file: string): string | undefined {
  const status = statSync(file, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

async function writeTrail(file: string, { trail }: LoadEvidence): Promise<void> {
  try {
    await writeFile(file, renderTrail(trail));
  } catch (error) {
    throw new UsageError(
      `The audit trail cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

async function previousRelease(file: string | undefined): Promise<PreviousRelease | undefined> {
  if (file === undefined) return undefined;
  return { file, bytes: await readInput(file, 'the previous release'), directory: dirname(file) };
}

function everyPhase(milliseconds: number): LoadTimeouts {
  return { open: milliseconds, symbol: milliseconds, probe: milliseconds, close: milliseconds, exit: milliseconds };
}

function exitOf(verdict: LoadVerdict): ExitCode {
  switch (verdict) {
    case 'loaded':
      return 0;
    case 'failed':
      return 1;
    case 'undecided':
      return 3;
  }
}

/** One line that goes away again; nothing where no person looks. */
function progressOn({ interactive, err }: Terminal): Progress {
  if (!interactive) return SILENT;
  return {
    start: (activity) => err(`${escapeTerminal(activity)} …`),
    output: () => {},
    end: () => err('\r\x1b[K'),
  };
}
