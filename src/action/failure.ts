import type { ExitCode } from '../commands/command.ts';
import { isEnvironmentError, isUsageError } from '../errors.ts';
import { visibleLines } from '../text/visible.ts';
import type { ActionLog } from './log.ts';

/** One thing that is wrong in a configuration file. */
interface Problem {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** Annotations that one step shows; the rest would be lost. */
const MOST = 10;

/** The single problems of a configuration error; other errors have none. */
function problemsOf(error: Error): readonly Problem[] {
  const problems = 'problems' in error && Array.isArray(error.problems) ? error.problems : [];
  return problems.filter((problem): problem is Problem => typeof problem?.message === 'string');
}

/**
 * Tells a person why there is no verdict, at the lines of the configuration where that is known.
 * @returns what the process ends with, and the text for the summary
 */
export function reportFailure(error: unknown, log: ActionLog): { readonly exitCode: ExitCode; readonly text: string } {
  const message = visibleLines(error instanceof Error ? error.message : String(error));
  const problems = error instanceof Error ? problemsOf(error) : [];
  if (isUsageError(error)) {
    for (const { message: text, file, line, column } of problems.slice(0, MOST)) {
      log.annotate('error', visibleLines(text), {
        title: 'plugin-gate configuration',
        ...(file !== undefined && { file }),
        ...(line !== undefined && { line }),
        ...(column !== undefined && { column }),
      });
    }
    if (problems.length === 0) log.annotate('error', message, { title: 'plugin-gate configuration' });
    else log.info(message);
    return { exitCode: 2, text: message };
  }
  if (isEnvironmentError(error)) {
    log.annotate('error', message, { title: 'plugin-gate cannot run here' });
    return { exitCode: 4, text: message };
  }
  const text = `plugin-gate failed by a fault of its own: ${message}`;
  log.annotate('error', `${text}\nRun the job again with debug logging and report it with the log.`, {
    title: 'plugin-gate internal error',
  });
  if (error instanceof Error && error.stack !== undefined) log.debug(error.stack);
  return { exitCode: 4, text };
}
