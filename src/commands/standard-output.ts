import { fstatSync, writeSync } from 'node:fs';
import type { ExitCode, Terminal } from './command.ts';

/** Major device number of /dev/null and its like (Linux, Documentation/admin-guide/devices.txt): never a terminal. */
const MEMORY_DEVICES = 1;
const STDOUT = 1;
/** Milliseconds to wait for the reader of a pipe that somebody made non-blocking. */
const READER_PAUSE = 5;
const WIDTH = 100;

/**
 * Standard output and error of this process. What the streams of Node would tell is asked only when it is needed: loading
 * them takes milliseconds, and in CI and in scripts the output is a file or a pipe.
 * @param exitCode status to end with when nobody reads the output any more
 */
export function systemTerminal(exitCode: () => ExitCode): Terminal {
  const { env } = process;
  const terminal = mayBeTerminal();
  return {
    out: (text) => (terminal ? void process.stdout.write(text) : writeAll(text, exitCode)),
    err: (text) => void process.stderr.write(text),
    get colour() {
      if (env.NO_COLOR) return false;
      if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
      return terminal && process.stdout.isTTY === true && env.TERM !== 'dumb';
    },
    get interactive() {
      return env.CI === undefined && process.stderr.isTTY === true;
    },
    width: terminal ? (process.stdout.columns ?? WIDTH) : WIDTH,
  };
}

function mayBeTerminal(): boolean {
  try {
    const stat = fstatSync(STDOUT);
    return stat.isCharacterDevice() && Math.floor(stat.rdev / 256) !== MEMORY_DEVICES;
  } catch {
    // Closed: nothing to colour.
    return false;
  }
}

/** Writes everything before it returns, as the streams of Node do with files and pipes on Linux. */
function writeAll(text: string, exitCode: () => ExitCode): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // A reader that stops reading (head, less) is no fault.
      if (code === 'EPIPE') process.exit(exitCode());
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READER_PAUSE);
    }
  }
}
