import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load } from './support.ts';

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

const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
static int table[64];
__attribute__((constructor)) static void begin(void) { for (int i = 0; i < 64; i++) table[i] = rand(); }
__attribute__((destructor)) static void end(void) { if (table[0] == 1) puts("one"); }
int entry(void) { char text[32]; snprintf(text, sizeof text, "%d", table[3]); return 0; }
`;

describeWith(['cc'], 'damaged files', () => {
  const directory = workspace();

  it('100 files with damaged headers and tables all come to a result, and none harms', async () => {
    const file = compileC(directory, 'sound', SOURCE);
    const sound = readFileSync(file);
    const next = random(20261122);
    const results = new Map<string, number>();
    for (let round = 0; round < 100; round++) {
      const bytes = Uint8Array.from(sound);
      // The headers and the tables of the dynamic linker lie in the first pages; code and data behind them.
      const reach = round % 2 === 0 ? 1024 : sound.length;
      for (let flips = 1 + next(4); flips > 0; flips--) {
        const place = next(reach);
        bytes[place] = (bytes[place] ?? 0) ^ (1 << next(8));
      }
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
