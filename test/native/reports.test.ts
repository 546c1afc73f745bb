import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { collect } from '../../src/loader/collect.ts';
import { type LoaderEvent, parseEvent } from '../../src/loader/event.ts';
import { readLinkerTrail } from '../../src/loader/linker-trail.ts';
import { workspace } from '../support/workspace.ts';

/** Marsaglia's xorshift: the same damage in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const INTERESTING = [0, 1, 8, 24, 31, 32, 33, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff];

/** One to six changes: a bit, a byte, a number, an end that is cut off. */
function mutated(sound: Buffer, next: (below: number) => number): Buffer {
  const bytes = Buffer.from(sound);
  for (let changes = 1 + next(6); changes > 0; changes--) {
    const place = next(Math.max(1, bytes.length - 4));
    switch (next(4)) {
      case 0:
        bytes[place] = (bytes[place] ?? 0) ^ (1 << next(8));
        break;
      case 1:
        bytes[place] = next(256);
        break;
      case 2:
        bytes.writeUInt32LE(INTERESTING[next(INTERESTING.length)] ?? 0, place);
        break;
      default:
        if (next(8) === 0) return bytes.subarray(0, place);
    }
  }
  return bytes;
}

/** A trail as the audit library writes it (native/loader/trail.h). */
function soundTrail(): Buffer {
  const records = [
    [1, '/usr/lib/libdep.so.1', ''],
    [2, '/tmp/plugin.so', ''],
    [3, 'malloc', 'GLIBC_2.2.5'],
    [4, 'entry', ''],
    [5, '', ''],
    [6, '', ''],
    [7, '', ''],
  ].map(([kind, ...texts]) => {
    const text = Buffer.from(texts.map((one) => `${one}\0`).join(''));
    const record = Buffer.alloc(32 + Math.ceil(text.length / 8) * 8);
    record.writeUInt32LE(record.length, 0);
    record.writeUInt16LE(Number(kind), 4);
    record.writeBigUInt64LE(123_456_789n, 8);
    record.writeUInt32LE(1, 24);
    text.copy(record, 32);
    return record;
  });
  const header = Buffer.alloc(24);
  header.write('ptrail01', 'latin1');
  header.writeBigUInt64LE(BigInt(Buffer.concat(records).length), 8);
  return Buffer.concat([header, ...records]);
}

describe('what the plugin’s process could have written, damaged', () => {
  const directory = workspace();

  it('a trail of the dynamic linker is read as far as it can be one', () => {
    const file = join(directory, 'trail');
    const sound = soundTrail();
    writeFileSync(file, sound);
    expect(readLinkerTrail(file)?.records.map(({ kind }) => kind)).toEqual([
      'search',
      'object',
      'bind',
      'lookup',
      'begin',
      'end',
      'close',
    ]);
    const next = random(20261122);
    const counts = new Map<number | undefined, number>();
    for (let round = 0; round < 2000; round++) {
      writeFileSync(file, mutated(sound, next));
      const trail = readLinkerTrail(file);
      counts.set(trail?.records.length, (counts.get(trail?.records.length) ?? 0) + 1);
      for (const { text, second } of trail?.records ?? []) expect(text.length + second.length).toBeLessThan(8192);
    }
    // Whole ones, such that end early, and such that are none.
    expect(counts.get(7)).toBeGreaterThan(0);
    expect(counts.get(3)).toBeGreaterThan(0);
    expect(counts.get(undefined)).toBeGreaterThan(0);
    expect(Math.max(...[...counts.keys()].map((count) => count ?? 0))).toBeLessThanOrEqual(7);
  });
});

/** One event of each kind, with all its fields. */
const EVENTS = [
  { event: 'loader', protocol: 1, machine: 'x86-64', libc: 'glibc', libcVersion: '2.36' },
  { event: 'check', loadable: true, noexec: false },
  {
    event: 'isolation',
    processNamespace: true,
    recorded: true,
    systemCalls: true,
    files: true,
    landlock: 4,
    profile: 'c',
    kill: false,
  },
  { event: 'begin', phase: 'open' },
  { event: 'object', phase: 'open', path: '/tmp/plugin.so', base: '0x7f0000000000' },
  { event: 'call', phase: 'open', name: 'openat', detail: '/etc/shadow', denied: true, writes: false, process: false },
  {
    event: 'state',
    phase: 'open',
    observed: true,
    threads: 1,
    descriptors: 5,
    residentKiB: 1,
    virtualKiB: 2,
    position: 'expected',
  },
  { event: 'open', opened: true, error: '' },
  { event: 'end', phase: 'open' },
  { event: 'symbol', name: 'entry', found: true, object: '/tmp/plugin.so' },
  { event: 'probe', index: 0, name: 'health', signature: 'int', found: true, number: 0 },
  { event: 'close', closed: true, noload: false, mapped: false, error: '' },
  { event: 'output', phase: 'open', stream: 'stdout', bytes: 5, cut: false },
  { event: 'crash', signal: 11, address: '0x8', phase: 'open' },
  { event: 'leftover', process: 7, name: 'daemon' },
  { event: 'violation', phase: 'open', messages: 3, closed: false },
  { event: 'ended', phase: 'exit', expected: true, how: 'exit', code: 0 },
  { event: 'done', leftovers: 0, calls: 1, denied: 1 },
].map((fields, index) => ({ ...fields, time: index }));

function eventOf(line: string): readonly LoaderEvent[] {
  const event = parseEvent(line);
  return event === undefined ? [] : [event];
}

describe('events of the loader, damaged', () => {
  it('a damaged line is passed over or taken, and never an error', () => {
    const sound = Buffer.from(EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const read = (text: string) => text.split('\n').flatMap(eventOf);
    const whole = collect(read(sound.toString()), { file: 'plugin.so', bytes: new Uint8Array() });
    expect(whole).toMatchObject({
      loader: { machine: 'x86-64' },
      symbols: [{ name: 'entry' }],
      calls: [{ denied: true }],
    });
    const next = random(7);
    const taken = new Set<number>();
    for (let round = 0; round < 2000; round++) {
      const events = read(mutated(sound, next).toString('latin1'));
      taken.add(events.length);
      const collected = collect(events, { file: 'plugin.so', bytes: new Uint8Array() });
      expect(collected.calls.length).toBeLessThanOrEqual(EVENTS.length);
    }
    expect(taken.has(EVENTS.length)).toBe(true);
    expect(taken.size).toBeGreaterThan(5);
  });

  it('fields of other types, names of other objects', () => {
    const next = random(11);
    const values = [null, true, -1, 1e308, 'x', '', [], {}, '__proto__', Number.MAX_SAFE_INTEGER, 'constructor'];
    for (let round = 0; round < 2000; round++) {
      const events = EVENTS.flatMap((event): readonly LoaderEvent[] => {
        const fields = Object.entries(event);
        const changed = fields.map(([name, value]) => [name, next(6) === 0 ? values[next(values.length)] : value]);
        return eventOf(JSON.stringify(Object.fromEntries(changed)));
      });
      const { symbols, phases, objects } = collect(events, { file: 'plugin.so', bytes: new Uint8Array() });
      expect(symbols.length + phases.length + objects.length).toBeLessThanOrEqual(3 * EVENTS.length);
    }
  });
});
