import { describe, expect, it } from '@jest/globals';
import { EnvironmentError, UsageError } from '../../src/errors.ts';
import { runJob } from '../../src/gate/job.ts';
import type { GateContext, GateStep } from '../../src/gate/known.ts';
import { skip } from '../../src/gate/known.ts';
import type { Job } from '../../src/gate/plan.ts';
import { SILENT } from '../../src/gate/step.ts';
import { loadStep } from '../../src/gate/steps/load.ts';
import type { Step } from '../../src/rules/finding.ts';
import { finding } from '../../src/rules/make.ts';
import { NOW, RUNNER } from './project.ts';

const CONTEXT: GateContext = {
  root: '/',
  repository: '/',
  runner: RUNNER,
  environment: {},
  progress: SILENT,
  today: NOW,
};

const JOB: Job = {
  plugin: {
    name: 'p',
    kind: 'elf',
    artifact: 'p.so',
    headers: [],
    sources: [],
    hosts: [],
    probes: [],
    symbols: { required: [] },
  },
  target: RUNNER,
  tokens: { name: 'p', os: 'linux', arch: 'amd64' },
  artifact: 'p.so',
  baseline: undefined,
  signature: undefined,
  sandbox: { mode: 'record', allow: [], timeout: 1000 },
};

const run = async (...steps: readonly (readonly [Step, GateStep])[]) =>
  await runJob(JOB, { baseline: { findings: [] } }, steps, CONTEXT);

function failing(error: unknown): GateStep {
  return async () => {
    throw error;
  };
}

describe('a job', () => {
  it('places findings at plugin, target and step', async () => {
    const { findings, steps } = await run([
      'compare',
      async () => ({
        outcome: { findings: [finding('sym/removed', 'gone', { subject: 'f' })], evidence: { n: 1 }, summary: 'done' },
      }),
    ]);
    expect(findings).toMatchObject([{ rule: 'sym/removed', plugin: 'p', target: RUNNER, step: 'compare' }]);
    expect(steps).toMatchObject([{ step: 'compare', skipped: false, summary: 'done', evidence: { n: 1 } }]);
  });

  it('hands on what steps found out, facts added to facts', async () => {
    const { known } = await run(
      ['read', async () => ({ ...skip(''), known: { facts: { exported: 1 } } })],
      ['compare', async () => ({ ...skip(''), known: { compatibility: 'risky', facts: { oldExported: 2 } } })],
    );
    expect(known).toMatchObject({ compatibility: 'risky', facts: { exported: 1, oldExported: 2 } });
  });

  it('keeps what a skipped step has to say', async () => {
    const { findings, steps } = await run([
      'compare',
      async () => ({ outcome: { skipped: 'nothing there', findings: [finding('baseline/none', 'first release')] } }),
    ]);
    expect(findings.map(({ rule }) => rule)).toEqual(['baseline/none']);
    expect(steps).toMatchObject([{ skipped: true, summary: 'nothing there' }]);
  });

  it('turns a broken environment into a finding and goes on', async () => {
    const { findings, steps } = await run(
      ['build', failing(new EnvironmentError('cc is not installed. Install it.'))],
      ['fit', async () => skip('no hosts')],
    );
    expect(findings).toMatchObject([
      { rule: 'gate/environment', severity: 'error', message: 'cc is not installed. Install it.', step: 'build' },
    ]);
    expect(steps).toMatchObject([
      { step: 'build', skipped: false, summary: 'did not finish' },
      { step: 'fit', skipped: true },
    ]);
  });

  it.each([[new TypeError('x is undefined')], ['a string that was thrown']])(
    'turns a fault of its own into a finding: %s',
    async (thrown) => {
      const { findings } = await run(['read', failing(thrown)]);
      expect(findings).toMatchObject([{ rule: 'gate/internal', severity: 'error', step: 'read' }]);
      expect(findings[0]?.message).toContain(thrown instanceof Error ? thrown.message : thrown);
    },
  );

  it('ends at a wrong configuration', async () => {
    await expect(run(['verify', failing(new UsageError('no such key'))])).rejects.toThrow('no such key');
  });

  it('runs no plugin whose signature could not be checked', async () => {
    const image = async () => ({
      ...skip(''),
      known: {
        artifact: { file: 'p.so', digest: '', size: 0, bytes: new Uint8Array(), modifiedMs: 0 },
        // Only that there is one matters: the step must not come so far as to look at it.
        image: JSON.parse('{}'),
      },
    });
    const { steps, findings } = await run(['read', image], ['verify', failing(new Error('fault'))], ['load', loadStep]);
    expect(steps.at(-1)).toMatchObject({ step: 'load', skipped: true });
    expect(steps.at(-1)?.summary).toContain('could not be checked');
    expect(findings.map(({ rule }) => rule)).toEqual(['gate/internal']);
  });
});
