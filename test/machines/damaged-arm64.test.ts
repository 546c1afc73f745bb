import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAMAGED_SOURCE, damaged } from '../loader/damage.ts';
import { load } from '../loader/support.ts';
import { workspace } from '../support/workspace.ts';
import { boot, type Machine, programsFor } from './machine.ts';
import { describeUnpacked } from './packages.ts';
import { ARM64_KERNEL, ARM64_LIBRARIES } from './toolchains.ts';

/** Each takes most of a second here. CI tries as many as the test of this machine's own loader, which is always 400. */
const COUNT = Number(process.env.PLUGIN_GATE_DAMAGED ?? (process.env.CI === undefined ? 60 : 400));

describeUnpacked(
  programsFor('arm64'),
  [ARM64_KERNEL, ARM64_LIBRARIES],
  'damaged files for arm64',
  (kernel = '', libraries = '') => {
    const directory = workspace();
    let machine: Machine;
    beforeAll(async () => {
      machine = await boot({ architecture: 'arm64', kernel, libraries, directory });
    }, 180_000);
    afterAll(() => machine?.stop());

    it(`${COUNT} files load or fail without harm`, async () => {
      const source = join(directory, 'sound.c');
      const file = join(directory, 'sound.so');
      writeFileSync(source, DAMAGED_SOURCE);
      execFileSync('aarch64-linux-gnu-gcc', ['-shared', '-fPIC', '-o', file, source]);
      const results = new Map<string, number>();
      for (const bytes of damaged(readFileSync(file), COUNT)) {
        const timeouts = { open: 6000, close: 6000, exit: 6000 };
        const { evidence, findings } = await load(file, { ...machine.request, bytes, symbols: ['entry'], timeouts });
        results.set(evidence.result, (results.get(evidence.result) ?? 0) + 1);
        if (evidence.result !== 'loaded') expect(findings.length).toBeGreaterThan(0);
      }
      expect([...results.values()].reduce((sum, count) => sum + count, 0)).toBe(COUNT);
      expect(results.get('supervisor-lost')).toBeUndefined();
      expect(results.get('loaded')).toBeGreaterThan(0);
      expect(results.get('crashed')).toBeGreaterThan(0);
      expect(new Set(machine.leftBehind())).toEqual(new Set(['processes 0, files 0, mounts 0']));
    }, 1_200_000);
  },
);
