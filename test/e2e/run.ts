import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The project itself. */
export const ROOT = join(import.meta.dirname, '..', '..');
export const CLI = join(ROOT, 'dist', 'cli.cjs');

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the bundled command line, as a user does. */
export function cli(
  args: readonly string[],
  options: { readonly cwd?: string; readonly node?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Finished {
  const { status, stdout, stderr } = spawnSync(options.node ?? process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? ROOT,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
  return { status, stdout, stderr };
}

/** Stack traces have no place in what a user reads. */
export const STACK = /\n\s+at (?:async )?(?:[\w.<>]+ \(|file:|node:|\/)/;
