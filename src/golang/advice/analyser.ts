import { createHash } from 'node:crypto';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment } from '../../build/environment.ts';
import { installationRoot } from '../../installation.ts';
import { run } from '../../process/run.ts';
import { findProgram } from '../../process/which.ts';
import { cacheDirectory, sourceText } from '../probe/host.ts';

const COMPILE_TIMEOUT_MS = 300_000;
const ANALYSE_TIMEOUT_MS = 60_000;
const LONGEST_OUTPUT = 1024 * 1024;
/** The analyser's heap; hostile sources make the checker work, not the machine swap. */
const MEMORY = '1GiB';

/** What the analyser wrote, or why it wrote nothing. */
export type Analysis = { readonly output: string } | { readonly reason: string };

/**
 * Runs native/goadvice on a directory. It is compiled by the go command on the PATH the first time, and kept. The sources
 * are parsed and type-checked; nothing of them runs.
 * @param directory absolute path
 * @param environment of the gate, of which the compilation gets a part
 */
export async function analyse(
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Analysis> {
  const go = findProgram('go', environment.PATH, '/');
  if (go === undefined) return { reason: 'no go command is on the PATH' };
  const sources = join(installationRoot(), 'native', 'goadvice');
  const key = createHash('sha256').update(`goadvice\0${go}\0`).update(sourceText(sources)).digest('hex');
  const cache = cacheDirectory();
  const file = join(cache.directory, key);
  try {
    if (!existsSync(file)) {
      const fresh = `${file}.${process.pid}`;
      const settings = { GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0', GOOS: '', GOARCH: '' };
      const env = buildEnvironment(environment, settings);
      const argv = [go, 'build', '-buildvcs=false', '-o', fresh, '.'];
      const built = await run({ argv, cwd: sources, env, timeoutMs: COMPILE_TIMEOUT_MS, keep: 16_384 });
      if (built.exitCode !== 0) return { reason: `the analyser could not be compiled: ${built.output.slice(-1000)}` };
      chmodSync(fresh, 0o500);
      renameSync(fresh, file);
    }
    const { exitCode, timedOut, output } = await run({
      argv: [file, directory],
      cwd: directory,
      env: { LC_ALL: 'C', GOMEMLIMIT: MEMORY },
      timeoutMs: ANALYSE_TIMEOUT_MS,
      keep: LONGEST_OUTPUT,
    });
    if (timedOut) return { reason: `the analyser did not come to an end within ${ANALYSE_TIMEOUT_MS} ms` };
    return exitCode === 0 ? { output } : { reason: `the analyser failed: ${output.slice(0, 1000)}` };
  } finally {
    if (!cache.kept) rmSync(cache.directory, { recursive: true, force: true });
  }
}
