import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EnvironmentError } from '../errors.ts';
import { endWithUs } from '../process/interrupt.ts';
import { type LoaderEvent, parseEvent } from './event.ts';
import { endMarked, MARKER } from './marked.ts';
import { LOADER_SLOTS } from './slots.ts';

/** What one run of the native loader gave. */
export interface LoaderRun {
  readonly events: readonly LoaderEvent[];
  /** The plugin's output, bytes as Latin-1. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LoaderCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly job: string;
  /** Milliseconds until the loader is told to stop; it has limits of its own for each phase. */
  readonly timeoutMs: number;
}

/** The loader passes on 64 KiB of each stream at most. */
const MOST_OUTPUT = 1 << 20;
/** 100,000 symbols, and what else there is. */
const MOST_EVENTS = 200_000;
const STOP_GRACE_MS = 5000;

/**
 * Runs the native loader and reads its report, as many at a time as there are processors. When the loader itself is killed, what its plugin left running is ended by a
 * mark in its environment.
 * @throws EnvironmentError when the loader cannot be started, or says that it cannot work on this machine
 */
export function runLoader(command: LoaderCommand): Promise<LoaderRun> {
  return LOADER_SLOTS.run(() => runAtOnce(command));
}

function runAtOnce(command: LoaderCommand): Promise<LoaderRun> {
  const [program = '', ...args] = command.argv;
  const mark = randomBytes(16).toString('hex');
  const events: LoaderEvent[] = [];
  return new Promise((settle, reject) => {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...command.env, [MARKER]: mark },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const release = child.pid === undefined ? () => {} : endWithUs(child.pid);
    const stdout = keep(child.stdout);
    const stderr = keep(child.stderr);
    const report = child.stdio[3] as Readable;
    const lines = createInterface({ input: report, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => {
      const event = events.length < MOST_EVENTS ? parseEvent(line) : undefined;
      if (event !== undefined) events.push(event);
    });
    let killTimer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    }, command.timeoutMs);
    const end = () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      release();
    };
    child.stdin.on('error', () => {}); // It ended before it read the job; its exit tells why.
    child.stdin.end(command.job);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      end();
      reject(new EnvironmentError(cannotStart(program, error)));
    });
    child.on('exit', (_code, signal) => {
      // Whoever holds the descriptors must end first, or `close` never comes.
      if (signal !== null) endMarked(mark);
    });
    child.on('close', (exitCode, signal) => {
      end();
      if (exitCode === 2 && !events.some(({ event }) => event === 'ended')) {
        reject(new EnvironmentError(`The native loader cannot work here: ${stderr().trim()}`));
        return;
      }
      settle({ events, stdout: stdout(), stderr: stderr(), exitCode, signal });
    });
  });
}

function cannotStart(program: string, error: NodeJS.ErrnoException): string {
  const advice =
    error.code === 'EACCES'
      ? 'Its directory may be mounted noexec: point TMPDIR to one that is not.'
      : 'Check limits on processes and descriptors.';
  return `Cannot start the native loader ${program}: ${error.message}. ${advice}`;
}

/** Collects the beginning of a stream and lets the rest pass. */
function keep(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < MOST_OUTPUT) chunks.push(chunk.subarray(0, MOST_OUTPUT - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('latin1');
}
