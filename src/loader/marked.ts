import { readdirSync, readFileSync } from 'node:fs';

/** Variable in the environment of the loader, and of all that comes from it, with a value of its own for each run. */
export const MARKER = 'PLUGIN_GATE_LOAD';

/** A process that is dying keeps its environment for a moment, so the loop also waits for its end. */
const MOST_ROUNDS = 100;

/**
 * Kills every process that has the mark in the environment it was started with. The second line of defence, for when the
 * loader, which knows its processes, was itself killed. A process that overwrote its own environment is not found.
 * @param mark value of {@link MARKER}, at least 32 hex digits
 * @returns how many were killed
 */
export function endMarked(mark: string): number {
  if (!/^[0-9a-f]{32,}$/.test(mark)) return 0;
  const needle = Buffer.from(`${MARKER}=${mark}`, 'latin1');
  let killed = 0;
  for (let found = true, round = 0; found && round < MOST_ROUNDS; round++) {
    found = false;
    for (const name of entries('/proc')) {
      const pid = Number(name);
      if (!/^\d+$/.test(name) || pid === process.pid || !environmentOf(name).includes(needle)) continue;
      try {
        process.kill(pid, 'SIGKILL');
        found = true;
        killed += 1;
      } catch {
        // It has ended.
      }
    }
  }
  return killed;
}

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function environmentOf(pid: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return Buffer.alloc(0);
  }
}
