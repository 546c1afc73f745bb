import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment, type Environment } from '../../build/environment.ts';
import { run } from '../../process/run.ts';
import { findProgram } from '../../process/which.ts';
import type { GoReading } from '../read.ts';
import { isReleased, parseToolchain } from '../toolchain.ts';

const VERSION_TIMEOUT_MS = 20_000;
/** A toolchain that is not there yet is downloaded by the go command. */
const DOWNLOAD_TIMEOUT_MS = 300_000;
/** Places of distributions beside the PATH. A path that the plugin itself names is not run. */
const DISTRIBUTION = '/usr/lib';

/** A go command that is the toolchain of the plugin. */
export interface GoCommand {
  readonly go: string;
  readonly environment: Environment;
}

/**
 * The toolchain that a plugin was built with, on this machine: the go on the PATH, one of the distribution, or the one
 * that the go command fetches for GOTOOLCHAIN.
 * @returns the reason, for a person, when there is none
 */
export async function findToolchain(
  { toolchain }: GoReading,
  outer: Readonly<Record<string, string | undefined>>,
): Promise<GoCommand | string> {
  if (toolchain === undefined) return 'the plugin does not name the toolchain that built it';
  const { release } = parseToolchain(toolchain);
  const onPath = findProgram('go', outer.PATH, '/');
  const local = buildEnvironment(outer, { GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off' });
  for (const go of [...(onPath === undefined ? [] : [onPath]), ...distributed()]) {
    if ((await versionOf(go, local, VERSION_TIMEOUT_MS)) === release) return { go, environment: local };
  }
  if (onPath === undefined) return `the plugin was built with ${release}, and no go command is on the PATH`;
  if (isReleased(release)) {
    const environment = { ...local, GOTOOLCHAIN: release };
    if ((await versionOf(onPath, environment, DOWNLOAD_TIMEOUT_MS)) === release) return { go: onPath, environment };
  }
  return `the plugin was built with ${release}, which is not on this machine and could not be fetched`;
}

function distributed(): readonly string[] {
  try {
    const names = readdirSync(DISTRIBUTION).filter((name) => /^go-1\.\d+$/.test(name));
    return names.map((name) => join(DISTRIBUTION, name, 'bin', 'go')).filter((file) => existsSync(file));
  } catch {
    return [];
  }
}

/** `go1.24.4`, from `go version go1.24.4 linux/amd64`. */
async function versionOf(go: string, env: Environment, timeoutMs: number): Promise<string | undefined> {
  const { exitCode, output } = await run({ argv: [go, 'version'], cwd: '/', env, timeoutMs, keep: 8192 });
  const version = /^go version (.*) \S+\/\S+\s*$/m.exec(output)?.[1];
  return exitCode === 0 && version !== undefined ? parseToolchain(version).release : undefined;
}
