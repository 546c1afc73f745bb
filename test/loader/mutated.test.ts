import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { DAMAGED_SOURCE, damaged } from './damage.ts';
import { load } from './support.ts';

describeWith(['cc'], 'damaged files', () => {
  const directory = workspace();

  it('100 files with damaged headers and tables all come to a result, and none harms', async () => {
    const file = compileC(directory, 'sound', DAMAGED_SOURCE);
    const results = new Map<string, number>();
    for (const bytes of damaged(readFileSync(file), 100)) {
      const { evidence, findings } = await load(file, {
        bytes,
        symbols: ['entry'],
        timeouts: { open: 1000, close: 1000, exit: 1000 },
      });
      results.set(evidence.result, (results.get(evidence.result) ?? 0) + 1);
      if (evidence.result !== 'loaded') expect(findings.length).toBeGreaterThan(0);
      expect(evidence.leftovers).toEqual([]);
    }
    expect([...results.values()].reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(results.get('supervisor-lost')).toBeUndefined();
    expect(results.get('loaded')).toBeGreaterThan(0);
    expect(results.get('crashed')).toBeGreaterThan(0);
  });
});
