import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readlinkSync, renameSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../config/error-code.ts';
import { EnvironmentError } from '../errors.ts';
import { readFileUpTo } from '../signature/file.ts';

/** Milliseconds that one waits for another; an append takes a few. */
const PATIENCE = 20_000;

/** Who holds a lock: a process of one machine and one process-id namespace, told apart from a later one of its number. */
interface Holder {
  readonly host: string;
  readonly namespace: string;
  readonly pid: number;
  readonly started: string;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat: when a process started, in ticks since boot. Empty when there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function self(): Holder {
  return {
    host: hostname(),
    namespace: linkOf('/proc/self/ns/pid'),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** Whether the holder is known to be gone. One of another machine is never known to be. */
function isGone(text: string): boolean {
  let holder: unknown;
  try {
    holder = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof holder !== 'object' || holder === null) return false;
  const { host, namespace, pid, started } = { host: '', namespace: '', pid: 0, started: '', ...holder };
  const me = self();
  if (host !== me.host || namespace !== me.namespace || me.namespace === '') return false;
  return typeof pid === 'number' && typeof started === 'string' && started !== '' && startOf(pid) !== started;
}

/**
 * Runs `work` while no other process that asks for the same lock runs its own. The lock is a file beside the one that is
 * worked on; that of a process that died is taken away.
 * @param path absolute path of the lock file
 * @param shown how the user knows it
 * @throws EnvironmentError when the lock is not free in time, or cannot be made
 */
export async function withLock<T>(path: string, shown: string, work: () => T): Promise<T> {
  const mine = `${JSON.stringify({ ...self(), token: randomBytes(8).toString('hex') })}\n`;
  const until = Date.now() + PATIENCE;
  for (let wait = 5; !take(path, shown, mine); wait = Math.min(wait * 2, 100)) {
    if (removeAbandoned(path)) continue;
    if (Date.now() > until) {
      throw new EnvironmentError(
        `${shown} is held by another run for more than ${PATIENCE / 1000} s. If none is running any more, remove it.`,
      );
    }
    await sleep(wait + Math.random() * wait);
  }
  try {
    return work();
  } finally {
    // Somebody may have taken it for abandoned: only one's own is removed.
    if (contentOf(path) === mine) rmSync(path, { force: true });
  }
}

function take(path: string, shown: string, mine: string): boolean {
  try {
    const descriptor = openSync(path, 'wx', 0o600);
    try {
      writeSync(descriptor, mine);
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    throw new EnvironmentError(`${shown} cannot be written (${code}).`);
  }
}

/** At most so many bytes are read of what lies there: it may be anything. */
const LONGEST = 4096;

function contentOf(path: string): string | undefined {
  const reading = readFileUpTo(path, LONGEST);
  return reading.ok ? Buffer.from(reading.bytes).toString('latin1') : undefined;
}

/** Moves a lock whose holder is gone out of the way; of several that try, one succeeds. */
function removeAbandoned(path: string): boolean {
  const text = contentOf(path);
  if (text === undefined || !isGone(text)) return false;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  const moved = contentOf(aside);
  // Between reading and moving another run may have been faster: give its lock back.
  if (moved !== undefined && moved !== text) {
    try {
      renameSync(aside, path);
    } catch {
      return false;
    }
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}
