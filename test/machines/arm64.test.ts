import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { workspace } from '../support/workspace.ts';
import { CASES, OUTSIDE } from './cases.ts';
import { boot, isNative, type Machine, programsFor } from './machine.ts';
import { describeUnpacked } from './packages.ts';
import { expectedLines, linesOf, runCase } from './run-case.ts';
import { ARM64_KERNEL, ARM64_LIBRARIES, ARM64_TOOLCHAIN, muslToolchain, NATIVE_TOOLCHAIN } from './toolchains.ts';

/** Of the cases, those in which the C library has a part. */
const MUSL =
  /^(a|ten|the|NODELETE|strict)\b|exits$|crashes|hangs|Descriptors|Everywhere|Daemon|shadow|memfd|packets|traces|program$|^c: [a-z]+ (and|of) /;

/** Some calls have a name with and without `at`; arm64 has only the one with. */
function withoutAt(line: string): string {
  return line.replace(/\b(mkdir|rename|unlink)at /g, '$1 ');
}

describeUnpacked(
  [...programsFor('arm64'), ...ARM64_TOOLCHAIN.programs],
  [ARM64_KERNEL, ARM64_LIBRARIES],
  'an arm64 machine with a kernel of its own',
  (kernel = '', libraries = '') => {
    const directory = workspace();
    let machine: Machine;
    let lines: readonly string[] = [];
    beforeAll(async () => {
      machine = await boot({ architecture: 'arm64', kernel, libraries, directory });
    }, 180_000);
    afterAll(async () => {
      rmSync(OUTSIDE, { force: true });
      await machine?.stop();
    });

    it('every plugin comes to what expected/arm64.txt says, under seccomp and Landlock', async () => {
      lines = await linesOf(CASES, ARM64_TOOLCHAIN, directory, machine.request);
      expect(lines).toEqual(expectedLines('arm64.txt', lines));
    }, 240_000);

    it('no process, file or mount is left behind, but for the file that the profile audit lets a plugin write', () => {
      const left = machine.leftBehind();
      expect(left.length).toBeGreaterThanOrEqual(CASES.length - 1);
      expect(left.filter((entry) => entry !== 'processes 0, files 0, mounts 0')).toEqual([
        'processes 0, files 1, mounts 0',
      ]);
      expect(machine.console()).not.toMatch(/Oops|BUG:|panic|machine: cannot/);
    });

    it('and findings are those of this machine', async () => {
      if (isNative('arm64')) return;
      const here = await linesOf(CASES, NATIVE_TOOLCHAIN, directory, {});
      expect(lines.map(withoutAt)).toEqual(here.map(withoutAt));
    }, 120_000);

    it('plugins for musl come to what expected/arm64-musl.txt says', async () => {
      const toolchain = muslToolchain(libraries);
      const [plain] = CASES;
      if (plain === undefined) throw new Error('There are no cases.');
      const { evidence } = await runCase(plain, toolchain, directory, machine.request);
      expect(evidence.loader).toMatchObject({ machine: 'aarch64', libc: 'musl' });
      const few = CASES.filter(({ language, name }) => language === undefined && MUSL.test(name));
      const found = await linesOf(few, toolchain, directory, machine.request);
      expect(found).toEqual(expectedLines('arm64-musl.txt', found));
    }, 240_000);

    it('a user without privileges is protected by the same barriers', async () => {
      const few = CASES.filter(({ name }) =>
        /shadow|memfd|packets|hangs|crashes|leavesDaemon|strict: openat|a swap$/.test(name),
      );
      const environment = { MACHINE_USER: '65534' };
      const asRoot = few.map(({ name }) => lines.find((line) => line.startsWith(`${name}: `)));
      expect(few.length).toBeGreaterThan(8);
      expect(await linesOf(few, ARM64_TOOLCHAIN, directory, { ...machine.request, environment })).toEqual(asRoot);
    }, 60_000);
  },
);
