import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Artifact, type ArtifactLimits, readArtifact } from '../artifact/read.ts';
import { type ByteRange, type Difference, firstDifference } from './difference.ts';
import type { Environment } from './environment.ts';
import { type Execution, execute } from './execute.ts';
import { findLeftover } from './leftovers.ts';
import type { BuildPlan } from './plan.ts';
import { markFile } from './untouched.ts';

/** What the second build told. */
export type Reproduction =
  | { readonly status: 'same'; readonly digest: string }
  | { readonly status: 'different'; readonly digest: string; readonly difference: Difference }
  /** Same bytes, but this file of the first build could be used by the second. */
  | { readonly status: 'unproven'; readonly digest: string; readonly leftover: string }
  | { readonly status: 'failed'; readonly reason: string };

export interface ReproduceRequest {
  readonly plan: BuildPlan;
  readonly root: string;
  readonly first: Artifact;
  /** When the first build began, milliseconds since 1970. */
  readonly firstStartedMs: number;
  readonly timeoutMs: number;
  readonly limits?: ArtifactLimits;
  readonly output: (chunk: string) => void;
}

/** Timestamps count seconds: the second build must not begin in the same one. */
const APART_MS = 1100;
/** How far the times of files may lie behind the clock (the kernel takes them from its last tick). */
const CLOCK_MS = 20;
/** A day ahead but for a minute, as POSIX writes it: both __DATE__ and __TIME__ then differ from a build without. */
const OTHER_TIME_ZONE = 'GATE-23:59';

/**
 * Builds once more in the same directory, from clean as far as the build tool can be told to, with empty caches, at
 * another time and in another time zone; compares the bytes, and puts the first file back.
 */
export async function reproduce(request: ReproduceRequest): Promise<Reproduction> {
  const { plan, root, first } = request;
  const scratch = mkdtempSync(join(tmpdir(), 'plugin-gate-rebuild-'));
  // Both outputs of the first build go: go records whether untracked files were there, and must see what it saw then.
  const outputs = [first.file, ...(plan.builder === 'c-shared' ? [headerOf(first.file)] : [])];
  const kept = outputs
    .map((file) => markFile(root, file)?.real)
    .filter((path) => path !== undefined)
    .map(keep);
  try {
    await sleep(Math.max(2 * CLOCK_MS, request.firstStartedMs + APART_MS - Date.now()));
    for (const { path } of kept) rmSync(path);
    const secondStartedMs = Date.now() - CLOCK_MS;
    const execution = await execute({
      commands: plan.commands.map(fromClean),
      directory: plan.directory,
      environment: secondEnvironment(plan.environment, scratch),
      root,
      timeoutMs: request.timeoutMs,
      output: request.output,
    });
    return await compare(request, execution, scratch, secondStartedMs);
  } finally {
    for (const { path, bytes, mode } of kept) {
      rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes, { mode, flag: 'wx' });
    }
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function compare(
  { plan, root, first, firstStartedMs, limits }: ReproduceRequest,
  execution: Execution,
  scratch: string,
  secondStartedMs: number,
): Promise<Reproduction> {
  if (execution.failure !== undefined) {
    const { argv, result } = execution.failure;
    const how = result.timedOut ? 'ran out of time' : `ended with ${result.signal ?? `exit status ${result.exitCode}`}`;
    return { status: 'failed', reason: `in the second build, ${argv[0] ?? ''} ${how}` };
  }
  const cargo = cargoArtifact(plan, root, scratch);
  const second =
    cargo !== undefined && existsSync(join(scratch, cargo))
      ? readArtifact(scratch, cargo, limits)
      : readArtifact(root, first.file, limits);
  if (second.artifact === undefined)
    return { status: 'failed', reason: `in the second build: ${second.problem.message}` };
  const difference = firstDifference(first.bytes, second.artifact.bytes, await sectionReader());
  const { digest } = second.artifact;
  if (difference !== undefined) return { status: 'different', digest, difference };
  const leftover =
    plan.builder === 'command' && cargo === undefined
      ? findLeftover(plan.directory, firstStartedMs, secondStartedMs)
      : undefined;
  return leftover === undefined
    ? { status: 'same', digest }
    : { status: 'unproven', digest, leftover: relative(root, leftover) };
}

/** The header that go writes beside a c-shared library: the same name with `.h`. */
export function headerOf(artifact: string): string {
  return `${artifact.replace(/\.[^./]*$/, '')}.h`;
}

/** The same command, told to make everything again, where the tool has an option for it. */
function fromClean(argv: readonly string[]): readonly string[] {
  const [program = '', ...rest] = argv;
  switch (basename(program)) {
    case 'make':
    case 'gmake':
      return [program, '--always-make', ...rest];
    case 'cmake':
      return rest[0] === '--build' && !rest.includes('--clean-first')
        ? [...argv.slice(0, 3), '--clean-first', ...argv.slice(3)]
        : argv;
    default:
      return argv;
  }
}

function secondEnvironment(environment: Environment, scratch: string): Environment {
  return {
    ...environment,
    TZ: OTHER_TIME_ZONE,
    GOCACHE: join(scratch, 'go'),
    CARGO_TARGET_DIR: join(scratch, 'cargo'),
    CCACHE_DISABLE: '1',
    SCCACHE_RECACHE: '1',
  };
}

/** Where cargo, sent to another target directory, writes the artifact; relative to `scratch`. */
function cargoArtifact(plan: BuildPlan, root: string, scratch: string): string | undefined {
  if (!plan.commands.some(([program = '']) => basename(program) === 'cargo')) return undefined;
  const target = plan.environment.CARGO_TARGET_DIR ?? 'target';
  const way = relative(join(plan.directory, target), join(root, plan.artifact));
  return way.startsWith('..') ? undefined : relative(scratch, join(scratch, 'cargo', way));
}

/** @param path a real path: what a link such as `libx.so -> libx.so.1` leads to is what is written again */
function keep(path: string): { readonly path: string; readonly bytes: Uint8Array; readonly mode: number } {
  return { path, bytes: readFileSync(path), mode: statSync(path).mode & 0o777 };
}

async function sectionReader(): Promise<(bytes: Uint8Array) => readonly ByteRange[]> {
  const { readElf } = await import('../elf/read.ts');
  const noBits = 8; // SHT_NOBITS: takes no room in the file
  return (bytes) =>
    (readElf(bytes).image?.sections ?? []).filter(({ typeCode }) => typeCode !== noBits && typeCode !== 0);
}
