import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BuildPlan } from './plan.ts';

const TIMEOUT_MS = 120_000;
const LONGEST = 256 * 1024 * 1024;

/**
 * What a tool of the build writes to standard output, with the environment and in the directory of the build.
 * @returns undefined when it fails, takes too long or says too much
 */
export async function ask(
  [program = '', ...args]: readonly string[],
  { directory, environment }: Pick<BuildPlan, 'directory' | 'environment'>,
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: directory,
      env: { ...environment, LC_ALL: 'C' },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: LONGEST,
      encoding: 'utf8',
    });
    return stdout;
  } catch {
    return undefined;
  }
}
