import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { EnvironmentError, UsageError } from '../errors.ts';
import { tieToUs } from './interrupt.ts';
import { tailOf } from './tail.ts';
import { signalGroup } from './tree.ts';

export interface RunRequest {
  /** Program and arguments; never goes through a shell. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the program: nothing is inherited. PATH in it is where the program is searched. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds until the program and everything it started is ended. */
  readonly timeoutMs: number;
  /** Milliseconds between SIGTERM and SIGKILL; 2000 unless given. */
  readonly graceMs?: number;
  /** How much of the end of the output is kept, in characters; 256 K unless given. */
  readonly keep?: number;
  /** Gets the output as it comes, standard output and error together: raw, untrusted text. */
  readonly output?: (chunk: string) => void;
}

export interface RunResult {
  /** null when a signal ended it, or when it did not start. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  /** The program does not exist or may not be run. */
  readonly notFound: boolean;
  readonly durationMs: number;
  /** The end of standard output and standard error, as they came. */
  readonly output: string;
  /** Whether earlier output was dropped from `output`. */
  readonly cut: boolean;
}

const KEEP = 256 * 1024;
const GRACE_MS = 2000;
/** After the program ended, how long a left-over child may hold its output open before we stop listening. */
const DRAIN_MS = 1000;

/**
 * Runs a program in a session of its own and waits for its end. On a timeout the whole process group gets SIGTERM, then
 * SIGKILL; when the program ends by itself, what it left running in its group is killed too, so that nothing changes
 * files behind our back.
 * @throws UsageError for an empty argv, a NUL character or a missing directory; EnvironmentError when the machine cannot
 * start a process
 */
export function run(request: RunRequest): Promise<RunResult> {
  const { cwd, env, timeoutMs, graceMs = GRACE_MS } = request;
  const [program, ...args] = request.argv;
  if (program === undefined || program === '') {
    return Promise.reject(new UsageError('A command to run must have at least a program.'));
  }
  if (request.argv.some((argument) => argument.includes('\0'))) {
    return Promise.reject(new UsageError(`The command ${JSON.stringify(program)} has a NUL character in an argument.`));
  }
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return Promise.reject(new UsageError(`Cannot run ${JSON.stringify(program)}: there is no directory ${cwd}.`));
  }
  const tail = tailOf(request.keep ?? KEEP);
  const started = performance.now();

  return new Promise((settle, reject) => {
    const tie = tieToUs();
    const broken = (error: Error): void => {
      tie.release();
      reject(new EnvironmentError(`Cannot start ${JSON.stringify(program)} in ${cwd}: ${error.message}.`));
    };
    let child: ChildProcess;
    try {
      child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      // Node throws what it does not emit, such as an argument list that is too long (E2BIG).
      broken(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const leader = child.pid;
    if (leader !== undefined) tie.leader = leader;
    let timedOut = false;
    let killTimer: NodeJS.Timeout | undefined;
    let kill = (): unknown => leader !== undefined && signalGroup(leader, 'SIGKILL');
    let settled = false;

    const timer = setTimeout(() => {
      if (leader === undefined) return;
      timedOut = true;
      const warned = signalGroup(leader, 'SIGTERM');
      kill = () => signalGroup(leader, 'SIGKILL', warned);
      killTimer = setTimeout(() => kill(), graceMs);
    }, timeoutMs);

    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        tail.push(chunk);
        request.output?.(chunk);
      });
    }

    const end = (exitCode: number | null, signal: NodeJS.Signals | null, notFound: boolean): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(killTimer);
      tie.release();
      child.stdout?.destroy();
      child.stderr?.destroy();
      const durationMs = performance.now() - started;
      settle({ exitCode, signal, timedOut, notFound, durationMs, output: tail.text(), cut: tail.cut() });
    };

    child.on('error', (error: NodeJS.ErrnoException) => {
      if (leader !== undefined) return; // a signal could not be sent; the exit event follows
      if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') {
        end(null, null, true);
        return;
      }
      clearTimeout(timer);
      settled = true;
      broken(error);
    });
    child.on('exit', (exitCode, signal) => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      kill();
      const drain = setTimeout(() => end(exitCode, signal, false), DRAIN_MS);
      child.on('close', () => {
        clearTimeout(drain);
        end(exitCode, signal, false);
      });
    });
  });
}
