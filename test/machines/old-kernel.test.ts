import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { judge } from '../../src/rules/judge.ts';
import { DEFAULT_POLICY } from '../../src/rules/policy.ts';
import { workspace } from '../support/workspace.ts';
import { CASES, OUTSIDE } from './cases.ts';
import { type Architecture, boot, type Machine, programsFor } from './machine.ts';
import { describeUnpacked } from './packages.ts';
import { linesOf, runCase } from './run-case.ts';
import { NATIVE_TOOLCHAIN } from './toolchains.ts';

const ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

const KERNEL = {
  name: `${ARCHITECTURE}-old-kernel`,
  suite: 'bullseye',
  architecture: ARCHITECTURE,
  packages: [`linux-image-cloud-${ARCHITECTURE}`],
};

const MISSING = '; undecided load/sandbox-missing (landlock)';

/** A run in which the plugin's code ran, so that it matters what the sandbox was made of. */
function ran(line: string): boolean {
  return !/: not-run/.test(line);
}

describeUnpacked(programsFor(ARCHITECTURE), [KERNEL], 'a kernel without Landlock (Linux 5.10)', (kernel = '') => {
  const directory = workspace();
  let machine: Machine;
  beforeAll(async () => {
    machine = await boot({ architecture: ARCHITECTURE, kernel, libraries: '/', directory });
  }, 180_000);
  afterAll(async () => {
    rmSync(OUTSIDE, { force: true });
    await machine?.stop();
  });

  it('is what it is said to be', async () => {
    const [plain] = CASES;
    if (plain === undefined) throw new Error('There are no cases.');
    const { evidence } = await runCase(plain, NATIVE_TOOLCHAIN, directory, machine.request);
    expect(machine.kernel).toMatch(/^5\.10\./);
    expect(evidence.isolation).toMatchObject({ landlock: 0, files: false, recorded: true, systemCalls: true });
  });

  it('every plugin comes to what it comes to here, and each run says what was missing', async () => {
    const there = await linesOf(CASES, NATIVE_TOOLCHAIN, directory, machine.request);
    const here = await linesOf(CASES, NATIVE_TOOLCHAIN, directory, {});
    expect(there.map((line) => line.replace(MISSING, ''))).toEqual(here.map((line) => line.replace(MISSING, '')));
    const silent = there.filter((line) => ran(line) && !line.includes(MISSING));
    expect(silent.filter((line) => !line.startsWith('audit: '))).toEqual([]);
  }, 300_000);

  it('what is missing blocks, unless the policy says that it is enough', async () => {
    const plain = { name: 'plain', source: 'int entry(void) { return 0; }' };
    const { findings } = await runCase(plain, NATIVE_TOOLCHAIN, directory, machine.request);
    expect(findings).toMatchObject([{ rule: 'load/sandbox-missing', severity: 'undecided', subject: 'landlock' }]);
    expect(findings[0]?.message).toContain('files were guarded by name only');
    const placed = findings.map((one) => ({ ...one, plugin: 'plain' }));
    const verdictUnder = (rules: (typeof DEFAULT_POLICY)['rules']) =>
      judge(placed, { ...DEFAULT_POLICY, rules }, [], '2026-11-22').verdict;
    expect(verdictUnder({})).toBe('undecided');
    expect(verdictUnder({ 'load/sandbox-missing': 'note' })).toBe('pass');
  });
});
