import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import type { GateConfig } from '../../src/config/schema.ts';
import { UsageError } from '../../src/errors.ts';
import { planJobs, runnerTarget } from '../../src/gate/plan.ts';

function config(text: string): GateConfig {
  const loaded = loadConfig('plugin-gate.yml', text);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

const TWO = config(`version: 1
plugins:
  - { name: a, kind: elf, artifact: "out/{os}-{arch}/{name}.so", targets: [linux/arm64, linux/amd64] }
  - name: b
    kind: elf
    artifact: b-{version}.so
    version: 1.2.0
    baseline: { none: rewritten }
    sandbox: { timeout: 3s }
baseline: { file: "old/{arch}/{name}.so" }
`);

describe('the plan', () => {
  it('has a job for each plugin and target, in the order of the configuration', () => {
    const jobs = planJobs(TWO, 'linux/amd64');
    expect(jobs.map(({ plugin, target, artifact }) => [plugin.name, target, artifact])).toEqual([
      ['a', 'linux/arm64', 'out/linux-arm64/a.so'],
      ['a', 'linux/amd64', 'out/linux-amd64/a.so'],
      ['b', 'linux/amd64', 'b-1.2.0.so'],
    ]);
  });

  it('takes settings of the plugin before those for all', () => {
    const [a, , b] = planJobs(TWO, 'linux/amd64');
    expect(a).toMatchObject({ baseline: { file: 'old/{arch}/{name}.so' }, sandbox: { timeout: 10_000 } });
    expect(b).toMatchObject({ baseline: { none: 'rewritten' }, sandbox: { timeout: 3_000 } });
    expect(b?.signature).toBeUndefined();
  });

  it('keeps the plugins that are asked for', () => {
    expect(planJobs(TWO, 'linux/amd64', ['b']).map(({ plugin }) => plugin.name)).toEqual(['b']);
    expect(planJobs(TWO, 'linux/amd64', [])).toEqual([]);
  });

  it('refuses a path with a token that has no value', () => {
    const [plugin] = TWO.plugins;
    if (plugin === undefined) throw new Error('no plugin');
    const broken = { ...TWO, plugins: [{ ...plugin, artifact: '{version}.so' }] };
    expect(() => planJobs(broken, 'linux/amd64')).toThrow(UsageError);
  });
});

describe('the target of the runner', () => {
  it.each([
    ['linux', 'x64', 'linux/amd64'],
    ['linux', 'arm64', 'linux/arm64'],
    ['linux', 'riscv64', undefined],
    ['darwin', 'arm64', undefined],
  ] as const)('%s %s', (platform, architecture, target) => {
    expect(runnerTarget(platform, architecture)).toBe(target);
  });
});
