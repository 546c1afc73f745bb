import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { RecordedCall } from './model.ts';

/** Calls that make System V objects: which register has the flags, and what removes one. */
const SYSTEM_V = new Map([
  ['shmget', { flags: 2, control: 'shmctl', command: 1, what: 'shared memory' }],
  ['semget', { flags: 2, control: 'semctl', command: 2, what: 'semaphores' }],
  ['msgget', { flags: 1, control: 'msgctl', command: 1, what: 'a message queue' }],
]);
const IPC_CREAT = 0o1000;
const IPC_RMID = 0;
const MOST_NAMES = 3;

const SHARED_MEMORY = /^\/dev\/shm\/./;
const REMOVERS: ReadonlySet<string> = new Set(['unlink', 'unlinkat', 'mq_unlink', 'rename', 'renameat', 'renameat2']);

/**
 * Objects with a name or number of their own that the plugin made and did not remove again. What it was asked for in a probe may
 * stay; what is removed at any time counts as removed.
 */
export function objectFindings(calls: readonly RecordedCall[]): readonly Finding[] {
  const done = calls.filter(({ denied }) => !denied);
  const unasked = done.filter(({ phase }) => phase !== 'probe');
  const left = [...named(done, unasked), ...numbered(done, unasked)];
  const [first] = left;
  if (first === undefined) return [];
  const names = [...new Set(left.map(({ name }) => name))];
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return [
    finding(
      'load/leaves-objects',
      `It makes objects that outlive its process, and does not remove them: ${names.slice(0, MOST_NAMES).join(', ')}${more}.`,
      { subject: first.name, symbol: first.call.function },
    ),
  ];
}

interface Left {
  readonly name: string;
  readonly call: RecordedCall;
}

/** Files of POSIX shared memory and semaphores, and POSIX message queues. */
function named(done: readonly RecordedCall[], unasked: readonly RecordedCall[]): readonly Left[] {
  const removed = new Set(done.filter(({ name }) => REMOVERS.has(name)).map(({ detail }) => detail));
  return unasked
    .filter(
      ({ name, detail, writes }) => name === 'mq_open' || (writes && !REMOVERS.has(name) && SHARED_MEMORY.test(detail)),
    )
    .filter(({ detail }) => !removed.has(detail))
    .map((call) => ({ name: call.name === 'mq_open' ? `message queue /${call.detail}` : call.detail, call }));
}

/** Which number an object got is not recorded: as many as are removed are taken off. */
function numbered(done: readonly RecordedCall[], unasked: readonly RecordedCall[]): readonly Left[] {
  return [...SYSTEM_V].flatMap(([name, { flags, control, command, what }]) => {
    const made = unasked.filter((call) => {
      const registers = registersOf(call);
      return call.name === name && (registers[0] === 0 || ((registers[flags] ?? 0) & IPC_CREAT) !== 0);
    });
    const removed = done.filter((call) => call.name === control && registersOf(call)[command] === IPC_RMID).length;
    return made
      .slice(removed)
      .map((call) => ({ name: `${what} (${name} 0x${(registersOf(call)[0] ?? 0).toString(16)})`, call }));
  });
}

/** The first three registers, as 32-bit numbers. */
function registersOf({ detail }: RecordedCall): readonly number[] {
  return detail.split(', ').map((text) => (/^0x[0-9a-f]{1,16}$/.test(text) ? Number(BigInt(text) & 0xffff_ffffn) : -1));
}
