import { relative } from 'node:path';
import { type RunResult, run } from '../process/run.ts';
import type { Environment } from './environment.ts';
import type { CommandRecord } from './request.ts';

export interface Execution {
  readonly records: readonly CommandRecord[];
  /** The end of the output of all commands together. */
  readonly output: string;
  /** The command that failed, and how; absent when all went well. */
  readonly failure?: { readonly argv: readonly string[]; readonly result: RunResult };
}

export interface ExecutionRequest {
  readonly commands: readonly (readonly string[])[];
  readonly directory: string;
  readonly environment: Environment;
  /** Absolute path that the directory in the records is relative to. */
  readonly root: string;
  /** Milliseconds for all commands together. */
  readonly timeoutMs: number;
  readonly output: (chunk: string) => void;
}

/** Characters of output that diagnostics are looked for in; a template error of C++ alone can take 100 K. */
const KEEP = 1024 * 1024;

/** Runs commands one after the other, up to the first that fails. */
export async function execute(request: ExecutionRequest): Promise<Execution> {
  const records: CommandRecord[] = [];
  let output = '';
  let left = request.timeoutMs;
  for (const argv of request.commands) {
    const result = await run({
      argv,
      cwd: request.directory,
      env: request.environment,
      timeoutMs: Math.max(1, left),
      keep: KEEP,
      output: request.output,
    });
    left -= result.durationMs;
    output = (output + result.output).slice(-KEEP);
    records.push({
      argv,
      directory: relative(request.root, request.directory) || '.',
      durationMs: Math.round(result.durationMs),
      exitCode: result.exitCode,
      signal: result.signal,
      timedOut: result.timedOut,
    });
    if (result.exitCode !== 0 || result.timedOut) return { records, output, failure: { argv, result } };
  }
  return { records, output };
}
