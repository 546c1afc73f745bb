import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { REFUSED, refused } from '../loader/sandboxed.ts';
import { load } from '../loader/support.ts';
import { workspace } from '../support/workspace.ts';
import { boot, type Machine, programsFor } from './machine.ts';
import { describeUnpacked } from './packages.ts';
import { ARM64_KERNEL, ARM64_LIBRARIES } from './toolchains.ts';

describeUnpacked(
  programsFor('arm64'),
  [ARM64_KERNEL, ARM64_LIBRARIES],
  'who made a denied call on arm64',
  (kernel = '', libraries = '') => {
    const directory = workspace();
    let machine: Machine;
    beforeAll(async () => {
      machine = await boot({ architecture: 'arm64', kernel, libraries, directory });
    }, 180_000);
    afterAll(() => machine?.stop());

    it('is named, though the C library leaves the return address in a register only', async () => {
      const callers: string[] = [];
      for (const [index, [title, body]] of REFUSED.entries()) {
        const file = join(directory, `refused-${index}.so`);
        const source = join(directory, `refused-${index}.c`);
        writeFileSync(source, refused(body));
        execFileSync('aarch64-linux-gnu-gcc', ['-shared', '-fPIC', '-w', '-pthread', '-o', file, source]);
        const { findings } = await load(file, machine.request);
        callers.push(`${title}: ${findings.map(({ rule, symbol }) => `${rule} ${symbol}`).join(', ')}`);
      }
      expect(callers).toEqual(REFUSED.map(([title]) => `${title}: load/denied-syscall start_up`));
    }, 300_000);
  },
);
