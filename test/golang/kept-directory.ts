import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** Runs of the tests at one time that share a machine. */
const MOST_RUNS = 20;

/**
 * A directory that is kept between runs: its path goes into what is built, so that the go command finds everything as it was
 * and links nothing anew. Each test file has one of its own, and so has each of several runs at one time.
 */
export function keptDirectory(name: string): string {
  const home = join(tmpdir(), `plugin-gate-tests-${process.getuid?.() ?? 0}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (let run = 0; run < MOST_RUNS; run += 1) {
    const directory = join(home, run === 0 ? name : `${name}-${run}`);
    const lock = `${directory}.lock`;
    if (!take(lock)) continue;
    afterAll(() => rmSync(lock, { force: true }));
    mkdirSync(directory, { recursive: true });
    return directory;
  }
  throw new Error(`All directories for ${name} below ${home} are in use; remove what runs no more.`);
}

/** Whether the lock is ours now; one of a process that has ended is taken over. */
function take(lock: string): boolean {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch {
      if (isAlive(lock)) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

function isAlive(lock: string): boolean {
  try {
    // Signal 0 only asks whether the process is there.
    return process.kill(Number(readFileSync(lock, 'utf8')), 0);
  } catch {
    return false;
  }
}
