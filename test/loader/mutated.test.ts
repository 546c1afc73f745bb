import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { DAMAGED_SOURCE, damaged } from './damage.ts';
import { load } from './support.ts';

const FILES = 400;
/** Loads at a time: a file that makes the process hang does not hold up the others. */
const AT_ONCE = 4;

describeWith(['cc'], 'damaged files', () => {
  const directory = workspace();

  it(`${FILES} files with damaged headers and tables all come to a result, and none harms`, async () => {
    const file = compileC(directory, 'sound', DAMAGED_SOURCE);
    const results = new Map<string, number>();
    const files = damaged(readFileSync(file), FILES);
    const worker = async () => {
      for (const bytes of files) {
        const { evidence, findings } = await load(file, {
          bytes,
          symbols: ['entry'],
          timeouts: { open: 1000, close: 1000, exit: 1000 },
        });
        results.set(evidence.result, (results.get(evidence.result) ?? 0) + 1);
        if (evidence.result !== 'loaded') expect(findings.length).toBeGreaterThan(0);
        expect(evidence.leftovers).toEqual([]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect([...results.values()].reduce((sum, count) => sum + count, 0)).toBe(FILES);
    expect(results.get('supervisor-lost')).toBeUndefined();
    expect(results.get('loaded')).toBeGreaterThan(0);
    expect(results.get('crashed')).toBeGreaterThan(0);
  });
});
