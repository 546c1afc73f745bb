import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type LoaderEvent, parseEvent } from '../../loader/event.ts';
import { endMarked, MARKER } from '../../loader/marked.ts';
import { endWithUs } from '../../process/interrupt.ts';
import { signalGroup } from '../../process/tree.ts';

const MOST_EVENTS = 50_000;
/** Of each stream, the end: the trace of goroutines comes last. */
const MOST_OUTPUT = 256 * 1024;
/** Milliseconds for a process that has started but says nothing, such as an emulator that is loading. */
const START_MS = 10_000;
/** After SIGQUIT, the runtime prints all goroutines. */
const TRACE_MS = 2000;

export interface HostRun {
  readonly events: readonly LoaderEvent[];
  /** Raw, untrusted text. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  /** Nanoseconds of CLOCK_MONOTONIC from which the times of the events count, in milliseconds. */
  readonly started: bigint;
  /** Milliseconds from the begin of a phase to the next event, by phase. */
  readonly phaseMs: ReadonlyMap<string, number>;
  /** It could not be started. */
  readonly broken?: string;
}

/**
 * Runs the probe host in a process group of its own, with an environment of its own. A phase that takes too long gets
 * SIGQUIT, for the trace, then SIGKILL; whatever the plugin leaves running is ended.
 * @param limits milliseconds by phase
 */
export function runHost(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, number>>,
): Promise<HostRun> {
  const [program = '', ...args] = argv;
  const mark = randomBytes(16).toString('hex');
  const events: LoaderEvent[] = [];
  const phaseMs = new Map<string, number>();
  return new Promise((settle) => {
    const started = performance.now();
    // uv_hrtime: CLOCK_MONOTONIC, as the audit library takes.
    const startedNs = process.hrtime.bigint();
    const child = spawn(program, args, {
      cwd,
      env: { ...env, [MARKER]: mark },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const leader = child.pid;
    const release = leader === undefined ? () => {} : endWithUs(leader);
    const stdout = keepEnd(child.stdout);
    const stderr = keepEnd(child.stderr);
    let timedOut = false;
    let killTimer: NodeJS.Timeout | undefined;
    let settled = false;
    const end = () => {
      if (leader !== undefined) signalGroup(leader, 'SIGKILL');
      endMarked(mark);
    };
    const expire = () => {
      timedOut = true;
      child.kill('SIGQUIT');
      killTimer = setTimeout(end, TRACE_MS);
    };
    let timer = setTimeout(expire, START_MS);
    let phase: { readonly name: string; readonly since: number } | undefined;
    const finish = (exitCode: number | null, signal: NodeJS.Signals | null, broken?: string): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(killTimer);
      release();
      const common = {
        events,
        stdout: stdout(),
        stderr: stderr(),
        exitCode,
        signal,
        timedOut,
        phaseMs,
        started: startedNs,
      };
      settle(broken === undefined ? common : { ...common, broken });
    };
    const report = child.stdio[3] as Readable;
    // `time` is what parseEvent asks of a line; the host has no clock that could be trusted.
    createInterface({ input: report }).on('line', (line) => {
      const now = performance.now();
      const event = parseEvent(line.replace(/^\{/, `{"time":${now - started},`));
      if (event === undefined || events.length >= MOST_EVENTS) return;
      events.push(event);
      if (phase !== undefined) {
        phaseMs.set(phase.name, now - phase.since);
        phase = undefined;
      }
      if (event.event !== 'begin' || timedOut) return;
      const name = typeof event.fields.phase === 'string' ? event.fields.phase : '';
      phase = { name, since: now };
      clearTimeout(timer);
      timer = setTimeout(expire, Object.hasOwn(limits, name) ? limits[name] : START_MS);
    });
    child.on('error', (error) => {
      if (leader === undefined) finish(null, null, error.message);
    });
    child.on('exit', () => {
      clearTimeout(timer);
      end();
    });
    child.on('close', (exitCode, signal) => finish(exitCode, signal));
  });
}

function keepEnd(stream: Readable | null): () => string {
  let kept = Buffer.alloc(0);
  stream?.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > 2 * MOST_OUTPUT) kept = kept.subarray(-MOST_OUTPUT);
  });
  return () => kept.subarray(-MOST_OUTPUT).toString('utf8');
}
