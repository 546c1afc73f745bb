import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installationRoot } from '../../installation.ts';
import { run } from '../../process/run.ts';
import { experiments, trimmed } from '../fit/settings.ts';
import type { GoReading } from '../read.ts';
import type { GoCommand } from './toolchain.ts';

/** The first compilation with new flags compiles the standard library too. */
const COMPILE_TIMEOUT_MS = 600_000;
/** Settings of the plugin's build that are flags of `go build` and shape packages. */
const VALUE_FLAGS: readonly string[] = ['-tags', '-asmflags'];
const SWITCHES: readonly string[] = ['-race', '-msan', '-asan'];
/** Settings that are environment variables, and shape packages of the standard library. */
const VARIABLES: readonly string[] = ['GOAMD64', 'GOARM64', 'GOFIPS140'];

export interface ProbeHost {
  readonly bytes: Uint8Array;
  readonly flags: readonly string[];
  /** Milliseconds; 0 when it came from the cache. */
  readonly compileMs: number;
}

/** The flags of `go build` that make the host's packages like those of the plugin. */
export function hostFlags(go: GoReading): readonly string[] {
  const settings = go.build?.settings;
  const isOn = (name: string): boolean => settings?.get(name) === 'true' || go.producer?.flags.includes(name) === true;
  const compiler = settings?.get('-gcflags') ?? producerFlags(go);
  return [
    ...(trimmed(go) === true ? ['-trimpath'] : []),
    ...SWITCHES.filter(isOn),
    ...VALUE_FLAGS.flatMap((name) => {
      const value = settings?.get(name);
      return value === undefined || value === '' ? [] : [`${name}=${value}`];
    }),
    // Without a pattern they were for the plugin's own package.
    ...(/^[^-\s][^=\s]*=/.test(compiler) ? [`-gcflags=${compiler}`] : []),
  ];
}

function producerFlags({ producer }: GoReading): string {
  const flags = (producer?.flags ?? []).filter((flag) => !SWITCHES.includes(flag));
  return flags.length === 0 ? '' : `all=${flags.join(' ')}`;
}

/**
 * Compiles the probe host (native/gohost) as the plugin was compiled, or takes it from the cache.
 * @param architecture Go's name of it
 * @param compiler C compiler for another architecture than the machine's
 * @returns the end of the compiler's output when it fails
 */
export async function compileHost(
  command: GoCommand,
  go: GoReading,
  architecture: string,
  compiler: string | undefined,
): Promise<ProbeHost | string> {
  const sources = join(installationRoot(), 'native', 'gohost');
  const flags = hostFlags(go);
  const settings = go.build?.settings;
  const chosen = VARIABLES.flatMap((name) => {
    const value = settings?.get(name);
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  const experiment = experiments(go);
  const env = {
    ...command.environment,
    CGO_ENABLED: '1',
    GOOS: 'linux',
    GOARCH: architecture,
    ...(compiler === undefined ? {} : { CC: compiler }),
    ...(experiment === '' ? {} : { GOEXPERIMENT: experiment }),
    ...Object.fromEntries(chosen),
  };
  const key = createHash('sha256')
    .update(JSON.stringify([command.go, go.toolchain, flags, experiment, chosen, architecture, compiler ?? '']))
    .update(sourceText(sources))
    .digest('hex');
  const cache = cacheDirectory();
  const file = join(cache.directory, key);
  try {
    const known = readIfThere(file);
    if (known !== undefined) return { bytes: known, flags, compileMs: 0 };
    const fresh = `${file}.${process.pid}`;
    const argv = [command.go, 'build', '-buildvcs=false', ...flags, '-o', fresh, '.'];
    // Up to Go 1.17 there is no -buildvcs.
    const result = await run({ argv, cwd: sources, env, timeoutMs: COMPILE_TIMEOUT_MS, keep: 16_384 });
    if (result.notFound || result.exitCode !== 0)
      return result.output.trim().slice(-2000) || 'go build ended without a word';
    chmodSync(fresh, 0o500);
    renameSync(fresh, file);
    return { bytes: readFileSync(file), flags, compileMs: Math.round(result.durationMs) };
  } finally {
    if (!cache.kept) rmSync(cache.directory, { recursive: true, force: true });
  }
}

export function sourceText(directory: string): string {
  const names = readdirSync(directory).filter((name) => /\.go$|^go\.mod$/.test(name));
  return names
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\0');
}

/** A directory of this user alone; where its place is taken by somebody else, one for this run only. */
export function cacheDirectory(): { readonly directory: string; readonly kept: boolean } {
  const user = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `plugin-gate-gohost-${user}`);
  mkdirIfAbsent(directory);
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true && stat.uid === user && (stat.mode & 0o077) === 0) return { directory, kept: true };
  return { directory: mkdtempSync(join(tmpdir(), 'plugin-gate-gohost-')), kept: false };
}

function mkdirIfAbsent(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made; what it is gets checked.
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
