import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crossCompiler } from '../build/cross.ts';
import { buildEnvironment, type Environment } from '../build/environment.ts';
import { lastLines } from '../build/plain.ts';
import type { ElfImage } from '../elf/model.ts';
import { experiments, trimmed } from '../golang/fit/settings.ts';
import { hostFlags } from '../golang/probe/host.ts';
import { findToolchain } from '../golang/probe/toolchain.ts';
import type { GoReading } from '../golang/read.ts';
import { cacheDirectory } from '../process/cache-directory.ts';
import { run } from '../process/run.ts';
import { truncate } from '../text/truncate.ts';
import { unsafeFlags } from './safe-flags.ts';

/** A Go main package that is built to have a host to compare with. */
export interface HostPackage {
  /** As `go build` takes it: `./cmd/host`, an import path. */
  readonly package: string;
  /** Absolute path of the directory that the build runs in, inside the module. */
  readonly directory: string;
}

export interface BuiltHost {
  readonly bytes: Uint8Array;
  /** As somebody could type it. */
  readonly command: string;
  /** Milliseconds; some ten when nothing changed since the last build. */
  readonly buildMs: number;
}

const BUILD_TIMEOUT_MS = 900_000;
const LARGEST_HOST = 2 ** 31 - 1;
/** Settings that are environment variables and shape packages. */
const VARIABLES: readonly string[] = ['GOAMD64', 'GOARM64', 'GOFIPS140'];
const ARCHITECTURES: Readonly<Record<string, string>> = { 'x86-64': 'amd64', aarch64: 'arm64' };

/**
 * Builds a main package with the toolchain and the flags of a plugin, so that what differs is the source and the modules. The
 * program is kept: when nothing changed, the go command sees that from the build id and does not link again.
 * @param go what the plugin tells of its build
 * @param outer environment of the gate
 * @returns why there is no host, with the end of the output, when it cannot be built
 */
export async function buildHostPackage(
  host: HostPackage,
  go: GoReading,
  image: ElfImage,
  outer: Readonly<Record<string, string | undefined>>,
): Promise<BuiltHost | { readonly reason: string; readonly output?: string }> {
  const architecture = ARCHITECTURES[image.header.machine];
  if (architecture === undefined) return { reason: `Go plugins are not known for ${image.header.machine}` };
  if (statSync(host.directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { reason: `there is no directory ${host.directory}` };
  }
  if (host.package.startsWith('-')) return { reason: `${host.package} is no package` };
  const command = await findToolchain(go, outer);
  if (typeof command === 'string') return { reason: command };
  const set = variables(go, architecture);
  // The host's own module decides about workspaces and vendoring, so what the user set for them counts.
  const { GOFLAGS: _, GOWORK: __, ...found } = command.environment;
  const own = buildEnvironment(outer, {});
  const env: Environment = { ...found, ...pick(own, ['GOFLAGS', 'GOWORK']), ...set };
  const flags = ['-buildvcs=false', ...withTrimpath(hostFlags(go), go)];
  const refused = unsafeFlags(flags);
  if (refused.length > 0)
    return { reason: `the plugin was built with flags that are not passed on: ${truncate(refused.join(' '), 300)}` };
  const cache = cacheDirectory('hosts');
  const key = createHash('sha256')
    .update(JSON.stringify([command.go, go.toolchain, host.directory, host.package, flags, set]))
    .digest('hex');
  const file = join(cache.directory, key);
  try {
    const argv = [command.go, 'build', ...flags, '-o', file, host.package];
    const result = await run({ argv, cwd: host.directory, env, timeoutMs: BUILD_TIMEOUT_MS, keep: 32_768 });
    const output = lastLines(result.output, 40, 4000);
    if (result.timedOut) return { reason: `go build took more than ${BUILD_TIMEOUT_MS / 60_000} minutes`, output };
    if (result.exitCode !== 0) return { reason: 'go build failed', output };
    const stat = statSync(file, { throwIfNoEntry: false });
    // A package that is no command is compiled, and nothing is written.
    if (stat?.isFile() !== true || stat.size > LARGEST_HOST) return { reason: `${host.package} is no main package` };
    const typed = [...Object.entries(set).map(([name, value]) => `${name}=${value}`), 'go', ...argv.slice(1, -3)];
    return {
      bytes: readFileSync(file),
      command: [...typed, host.package].join(' '),
      buildMs: Math.round(result.durationMs),
    };
  } finally {
    if (!cache.kept) rmSync(cache.directory, { recursive: true, force: true });
  }
}

function variables(go: GoReading, architecture: string): Environment {
  const settings = go.build?.settings;
  const experiment = experiments(go);
  const native = architecture === (process.arch === 'x64' ? 'amd64' : process.arch);
  const compiler = native ? undefined : crossCompiler(`linux/${architecture}`)?.cc;
  return {
    CGO_ENABLED: '1',
    GOOS: 'linux',
    GOARCH: architecture,
    ...(compiler === undefined ? {} : { CC: compiler }),
    ...(experiment === '' ? {} : { GOEXPERIMENT: experiment }),
    ...Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = settings?.get(name);
        return value === undefined || value === '' ? [] : [[name, value] as const];
      }),
    ),
  };
}

/** GOFLAGS of the user may hold -trimpath; what the plugin was built with counts. */
function withTrimpath(flags: readonly string[], go: GoReading): readonly string[] {
  return [`-trimpath=${trimmed(go) === true}`, ...flags.filter((flag) => flag !== '-trimpath')];
}

function pick(environment: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => names.includes(name)));
}
