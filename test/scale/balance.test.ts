import { describe, expect, it } from '@jest/globals';
import { balance, type CostedJob, share } from '../../src/scale/balance.ts';
import { costs } from '../../src/scale/cost.ts';
import { sampleReport } from '../github/sample-report.ts';

function jobs(...all: readonly number[]): CostedJob[] {
  return all.map((cost, at) => ({ plugin: `p${at}`, target: 'linux/amd64', cost }));
}

const sums = (bins: readonly (readonly CostedJob[])[]) =>
  bins.map((bin) => bin.reduce((sum, { cost }) => sum + cost, 0)).sort((a, b) => b - a);

describe('balanced shards', () => {
  it('have every job once, and none is empty', () => {
    const all = jobs(9, 1, 4, 4, 2, 8, 3, 3, 3, 1);
    const bins = balance(all, 4);
    expect(
      bins
        .flat()
        .map(({ plugin }) => plugin)
        .sort(),
    ).toEqual(all.map(({ plugin }) => plugin).sort());
    expect(bins.every((bin) => bin.length > 0)).toBe(true);
    expect(balance(jobs(1, 1), 9)).toHaveLength(2);
    expect(balance([], 3)).toEqual([]);
  });

  it('are even where jobs allow it', () => {
    expect(sums(balance(jobs(8, 7, 6, 5, 4), 2))).toEqual([17, 13]);
    expect(sums(balance(jobs(...Array.from({ length: 100 }, () => 1)), 10))).toEqual(
      Array.from({ length: 10 }, () => 10),
    );
  });

  it('stay within 4/3 of the best for jobs of all sizes', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    for (let round = 0; round < 50; round += 1) {
      const all = jobs(...Array.from({ length: 60 }, () => 1 + (random() % 1000)));
      const total = all.reduce((sum, { cost }) => sum + cost, 0);
      const best = Math.max(total / 7, ...all.map(({ cost }) => cost));
      expect(sums(balance(all, 7))[0]).toBeLessThanOrEqual((best * 4) / 3);
    }
  });

  it('do not depend on the order of the jobs', () => {
    const all = jobs(5, 5, 5, 3, 3, 1, 1, 9);
    expect(balance(all.toReversed(), 3)).toEqual(balance(all, 3));
  });

  it('are shared out by cost, one for each architecture at least', () => {
    expect(
      share(
        [
          { cost: 90, jobs: 90 },
          { cost: 10, jobs: 10 },
        ],
        10,
      ),
    ).toEqual([9, 1]);
    expect(
      share(
        [
          { cost: 1, jobs: 1 },
          { cost: 1000, jobs: 2 },
        ],
        10,
      ),
    ).toEqual([1, 2]);
    expect(
      share(
        [
          { cost: 1, jobs: 5 },
          { cost: 1, jobs: 5 },
        ],
        1,
      ),
    ).toEqual([1, 1]);
  });
});

describe('expected costs', () => {
  it('are what jobs took, else by size, else the one in the middle', () => {
    const step = (durationMs: number) => ({ step: 'load' as const, status: 'pass' as const, durationMs, summary: '' });
    const artifact = { file: 'a.so', digest: `sha256:${'0'.repeat(64)}`, size: 100 };
    const known = { kind: 'elf' as const, target: 't/x', status: 'pass' as const, facts: {}, artifact };
    const earlier = sampleReport([], {
      plugins: [
        { ...known, plugin: 'a', steps: [step(150), step(50)] },
        { ...known, plugin: 'b', steps: [step(400)], artifact: { ...artifact, size: 200 } },
      ],
    });
    const of = (plugin: string, size?: number) => ({ plugin, target: 't/x', ...(size && { size }) });
    const found = costs([of('a', 5), of('b'), of('new', 300), of('unknown')], earlier);
    expect(found.map(({ cost }) => cost)).toEqual([200, 400, 601, 400]);
  });

  it('are the sizes without an earlier run', () => {
    const found = costs([
      { plugin: 'a', target: 't', size: 1000 },
      { plugin: 'b', target: 't' },
    ]);
    expect(found.map(({ cost }) => cost)).toEqual([66_536, 66_536]);
  });
});
