import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { checkCommand } from '../../src/commands/check.ts';
import { planCommand } from '../../src/commands/scale.ts';
import { SILENT } from '../../src/gate/step.ts';
import { parseReport } from '../../src/report/schema.ts';
import { capture } from '../commands/capture.ts';
import { compile, functions } from '../gate/project.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';

const directory = workspace();
const NAMES = ['one', 'two', 'three'];

const CONFIG = `version: 1
baseline: { none: first release }
plugins:
${NAMES.map((name) => `  - { name: ${name}, kind: elf, artifact: ${name}.so, symbols: { required: [run] } }\n`).join('')}`;

const deps = {
  directory,
  repository: directory,
  environment: { PATH: process.env.PATH },
  progress: SILENT,
  version: '1.0.0',
};

async function check(options: Partial<Parameters<typeof checkCommand>[0]>) {
  const terminal = capture();
  const exitCode = await checkCommand(
    { config: 'plugin-gate.yml', format: 'json', ...options },
    deps,
    terminal.terminal,
  );
  return { exitCode, report: parseReport(terminal.out()) };
}

describeWith(['cc'], 'plan, shards and merge, as the command line runs them', () => {
  const plan = 'plugin-gate-plan.json';
  const shards: string[] = [];

  it('plans', () => {
    writeTree(directory, { 'plugin-gate.yml': CONFIG });
    for (const name of NAMES) compile(directory, `${name}.so`, functions('run', name));
    const { terminal, out } = capture();
    expect(planCommand({ config: 'plugin-gate.yml', output: plan, shards: 2 }, deps, terminal)).toBe(0);
    expect(out().trim().split('\n')).toHaveLength(1);
    for (const { shard } of JSON.parse(out()).include) shards.push(shard);
    expect(shards).toHaveLength(2);
  });

  it('runs every shard for its plugins only', async () => {
    const seen: string[] = [];
    for (const shard of shards) {
      const { exitCode, report } = await check({ part: { plan, shard }, reportDirectory: join('reports', shard) });
      expect(exitCode).toBe(0);
      expect(report.shard).toMatchObject({ id: shard });
      seen.push(...report.plugins.map(({ plugin }) => plugin));
    }
    expect(seen.sort()).toEqual([...NAMES].sort());
  });

  it('merges to what the whole gate says', async () => {
    const together = await check({ part: { plan, merge: 'reports' }, reportDirectory: '' });
    const whole = await check({ reportDirectory: '' });
    expect(together.exitCode).toBe(0);
    expect(together.report.verdict).toBe(whole.report.verdict);
    const prints = (report: typeof whole.report) => report.findings.map(({ fingerprint }) => fingerprint).sort();
    expect(prints(together.report)).toEqual(prints(whole.report));
    expect(together.report.counts).toEqual(whole.report.counts);
  });

  it('takes a report that was written by somebody else for none', async () => {
    const file = join(directory, 'reports', shards[0] ?? '', 'report.json');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, '{"schema":"plugin-gate/report/v1","verdict":"pass"}');
    const { exitCode, report } = await check({ part: { plan, merge: 'reports' }, reportDirectory: '' });
    expect(exitCode).toBe(1);
    expect(report.findings.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['gate/shard-invalid', 'gate/shard-missing']),
    );
    writeFileSync(file, good);
  });

  it('is for the configuration that was planned', async () => {
    writeFileSync(join(directory, 'plugin-gate.yml'), `${CONFIG}policy: { undecided: warn }\n`);
    for (const part of [
      { plan, shard: shards[0] ?? '' },
      { plan, merge: 'reports' },
    ]) {
      await expect(check({ part, reportDirectory: '' })).rejects.toThrow(/another plugin-gate.yml/);
    }
    writeFileSync(join(directory, 'plugin-gate.yml'), CONFIG);
    await expect(check({ part: { plan, shard: 'amd64-099' } })).rejects.toThrow(/no shard amd64-099/);
    await expect(check({ part: { plan, merge: 'nowhere' } })).rejects.toThrow(/no directory nowhere/);
  });
});
