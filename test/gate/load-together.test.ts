import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RanJob } from '../../src/gate/job.ts';
import type { GateContext, GateStep } from '../../src/gate/known.ts';
import { beforeLoading, loadTogether, mostAtOnce } from '../../src/gate/load-together.ts';
import type { Job } from '../../src/gate/plan.ts';
import { SILENT } from '../../src/gate/step.ts';
import type { Step } from '../../src/rules/finding.ts';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace, writeTree } from '../support/workspace.ts';
import { gate, NOW, RUNNER } from './project.ts';

const GIB = 1024 ** 3;

const CONTEXT: GateContext = {
  root: '/',
  repository: '/',
  runner: RUNNER,
  environment: {},
  progress: SILENT,
  today: NOW,
};

function jobOf(name: string): Job {
  return {
    plugin: {
      name,
      kind: 'elf',
      artifact: 'p.so',
      headers: [],
      sources: [],
      hosts: [],
      probes: [],
      symbols: { required: [] },
    },
    target: RUNNER,
    tokens: { name, os: 'linux', arch: 'amd64' },
    artifact: 'p.so',
    baseline: undefined,
    signature: undefined,
    sandbox: { mode: 'record', allow: [], timeout: 1000 },
  };
}

describe('plugins that are loaded at a time', () => {
  it('are as many as there are processors, and memory for', () => {
    expect([mostAtOnce(4, 16 * GIB), mostAtOnce(16, 16 * GIB), mostAtOnce(8, GIB), mostAtOnce(1, 64 * GIB)]).toEqual([
      4, 8, 1, 1,
    ]);
  });

  it('come back in their own order, and one that fails hides no other', async () => {
    let [running, most] = [0, 0];
    const cleared = Array.from({ length: 12 }, (_, index) => {
      const load: GateStep = async () => {
        running += 1;
        most = Math.max(most, running);
        // The first ones take longest.
        for (let turn = 0; turn < 12 - index; turn += 1) await new Promise((go) => setImmediate(go));
        running -= 1;
        if (index === 3) throw new Error('broken');
        return { outcome: { findings: [], evidence: index, summary: `plugin ${index}` } };
      };
      const steps: readonly (readonly [Step, GateStep])[] = [
        ['read', load],
        ['load', load],
      ];
      const ran: RanJob = {
        job: jobOf(`p${index}`),
        known: { prepared: { baseline: { findings: [] } }, facts: {} },
        steps: [],
        findings: [],
      };
      return { ran, last: beforeLoading(steps).last };
    });
    const ran = await loadTogether(cleared, CONTEXT);
    expect(ran.map(({ steps }) => steps.map(({ step, summary }) => `${step}: ${summary}`))).toEqual(
      cleared.map((_, index) => [index === 3 ? 'load: did not finish' : `load: plugin ${index}`]),
    );
    expect(ran.flatMap(({ findings }) => findings.map(({ rule, plugin }) => `${plugin} ${rule}`))).toEqual([
      'p3 gate/internal',
    ]);
    expect(most).toBe(Math.min(12, mostAtOnce()));
  });
});

describeWith(['cc'], 'a gate with several plugins', () => {
  const root = workspace();

  it('tells of each what it did, in the order of the configuration, whatever the others do', async () => {
    const sources = {
      slow: '#include <unistd.h>\n__attribute__((constructor)) static void begin(void) { usleep(400000); }',
      crash: '__attribute__((constructor)) static void begin(void) { __builtin_trap(); }',
      hang: '#include <unistd.h>\n__attribute__((constructor)) static void begin(void) { for (;;) pause(); }',
      leave: '#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { exit(0); }',
      good: 'int entry(void) { return 0; }',
    };
    const names = Object.keys(sources);
    for (const [name, source] of Object.entries(sources)) {
      copyFileSync(compileC(root, name, source, ['-w']), join(root, `p-${name}.so`));
    }
    const plugins = names.map(
      (name) =>
        `  - { name: ${name}, kind: elf, artifact: p-${name}.so, baseline: { none: first }, sandbox: { timeout: 2s } }`,
    );
    writeTree(root, { 'plugin-gate.yml': `version: 1\nplugins:\n${plugins.join('\n')}\n` });
    const { report } = await gate(root);
    expect(report.plugins.map(({ plugin, status }) => `${plugin} ${status}`)).toEqual([
      'slow pass',
      'crash fail',
      'hang fail',
      'leave fail',
      'good pass',
    ]);
    const found = report.findings.filter(({ step }) => step === 'load').map(({ plugin, rule }) => `${plugin} ${rule}`);
    expect(found.sort()).toEqual(['crash load/crashed', 'hang load/timeout', 'leave load/exited']);
  });
});
