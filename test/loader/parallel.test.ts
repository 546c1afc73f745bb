import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SILENT } from '../../src/gate/step.ts';
import { loadPlugin } from '../../src/loader/load.ts';
import { Slots } from '../../src/loader/slots.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { misbehaving } from './support.ts';

describe('slots', () => {
  it('let so many run at a time, each exactly once, in the order in which they came, whatever fails', async () => {
    const slots = new Slots(3);
    let [running, most] = [0, 0];
    const started: number[] = [];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        slots.run(async () => {
          started.push(index);
          running += 1;
          most = Math.max(most, running);
          await new Promise((go) => setImmediate(go));
          running -= 1;
          if (index % 7 === 0) throw new Error(`${index}`);
          return index;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(running).toBe(0);
    expect(started).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(8);
    expect(await slots.run(async () => 'free again')).toBe('free again');
  });
});

describeWith(['cc'], 'a hundred plugins at once', () => {
  const directory = workspace();

  it('each come to their own result, and none misses its time limit for want of a processor', async () => {
    const good = compileC(directory, 'good', 'int healthy(void) { return 0; }');
    const bad = misbehaving(directory, 'crashes');
    const hanging = misbehaving(directory, 'spins');
    const files = Array.from({ length: 100 }, (_, index) =>
      index % 10 === 3 ? bad : index % 50 === 7 ? hanging : good,
    );
    const bytes = new Map([good, bad, hanging].map((file) => [file, readFileSync(file)]));
    const outcomes = await Promise.all(
      files.map((file) =>
        loadPlugin(
          {
            file,
            bytes: bytes.get(file) ?? new Uint8Array(),
            timeouts: { open: 2000 },
            symbols: file === good ? ['healthy'] : [],
          },
          SILENT,
        ),
      ),
    );
    expect(outcomes.map(({ evidence }) => evidence.result)).toEqual(
      files.map((file) => (file === good ? 'loaded' : file === bad ? 'crashed' : 'timeout')),
    );
    expect(outcomes.filter(({ findings }) => findings.length > 0)).toHaveLength(12);
  });
});
