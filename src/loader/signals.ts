import { constants } from 'node:os';

const NAMES: ReadonlyMap<number, string> = new Map(
  // Some numbers have two names (SIGABRT and SIGIOT); the first in Node's table is the usual one.
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** `SIGSEGV` for 11; `signal 40` for one without a name. The loader runs on this machine, so these are its numbers. */
export function signalName(number: number): string {
  return NAMES.get(number) ?? `signal ${number}`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  SIGSEGV: 'invalid memory access',
  SIGBUS: 'memory access beyond the end of a file',
  SIGILL: 'illegal instruction',
  SIGFPE: 'division by zero or another arithmetic fault',
  SIGABRT: 'abort',
  SIGTRAP: 'trap',
  SIGSYS: 'forbidden system call',
  SIGKILL: 'killed',
  SIGXFSZ: 'file larger than allowed',
  SIGXCPU: 'processor time limit',
  SIGALRM: 'alarm',
  SIGPIPE: 'write to a closed pipe',
};

/** `SIGSEGV (invalid memory access)`. */
export function describeSignal(name: string): string {
  const meaning = MEANINGS[name];
  return meaning === undefined ? name : `${name} (${meaning})`;
}
