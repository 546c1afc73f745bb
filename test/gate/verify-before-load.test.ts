import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readConfigFiles } from '../../src/config/read.ts';
import { runJob } from '../../src/gate/job.ts';
import type { GateStep } from '../../src/gate/known.ts';
import { planJobs } from '../../src/gate/plan.ts';
import { prepareJob } from '../../src/gate/prepare.ts';
import { SILENT } from '../../src/gate/step.ts';
import { loadStep } from '../../src/gate/steps/load.ts';
import { readStep } from '../../src/gate/steps/read.ts';
import { verifyStep } from '../../src/gate/steps/verify.ts';
import type { LoadEvidence } from '../../src/loader/model.ts';
import type { Step } from '../../src/rules/finding.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, functions, gate, RUNNER } from './project.ts';

const root = workspace();
const keys = generateKeyPairSync('ed25519');

/** A plugin that is signed, with a symbol that tells it from any other. */
function signed(): string {
  const directory = mkdtempSync(join(root, 's-'));
  writeTree(directory, {
    'plugin-gate.yml': `version: 1
plugins:
  - { name: p, kind: elf, artifact: p.so, symbols: { required: [p_signed] } }
baseline: { none: first release }
signature: { key: k.pub, signature: "{artifact}.sig" }
`,
    'k.pub': keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
  compile(directory, 'p.so', functions('p_signed'));
  writeFileSync(join(directory, 'p.so.sig'), sign(null, readFileSync(join(directory, 'p.so')), keys.privateKey));
  return directory;
}

/** Another plugin in place of the signed one, which tells that it ran. */
function replace(directory: string, marker: string): void {
  const source = `#include <fcntl.h>
__attribute__((constructor)) static void ran(void) { open("${marker}", O_CREAT | O_WRONLY, 0600); }
int p_other(void) { return 0; }
`;
  compile(directory, 'p.so', source);
}

describeWith(['cc'], 'the steps verify and load', () => {
  it('come in this order', async () => {
    const { report } = await gate(signed());
    const steps = report.plugins[0]?.steps.map(({ step }) => step) ?? [];
    expect(steps).toEqual(['build', 'read', 'compare', 'fit', 'verify', 'load']);
    expect(report.plugins[0]?.steps.find(({ step }) => step === 'load')?.status).toBe('pass');
  });

  it('work on the same bytes: a file that is replaced between them is not what is loaded', async () => {
    const directory = signed();
    const marker = join(directory, 'ran');
    const { config } = readConfigFiles('plugin-gate.yml', directory);
    const [job] = planJobs(config, RUNNER);
    if (job === undefined) throw new Error('no job');
    const verifyThenReplace: GateStep = async (...asked) => {
      const run = await verifyStep(...asked);
      replace(directory, marker);
      return run;
    };
    const order: readonly (readonly [Step, GateStep])[] = [
      ['read', readStep],
      ['verify', verifyThenReplace],
      ['load', loadStep],
    ];
    const { steps, findings, known } = await runJob(job, prepareJob(job, directory), order, {
      root: directory,
      repository: directory,
      runner: RUNNER,
      environment: { PATH: process.env.PATH },
      progress: SILENT,
      today: new Date(),
    });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(known.signature).toBe('cleared');
    const evidence = steps.find(({ step }) => step === 'load')?.evidence as LoadEvidence;
    expect(evidence.phases.map(({ phase }) => phase)).toContain('open');
    expect(JSON.stringify(evidence)).not.toContain('p_other');
    expect(existsSync(marker)).toBe(false);
    // The other one would have told: the test can see it run.
    expect(readFileSync(join(directory, 'p.so')).includes('p_other')).toBe(true);
  });

  it('run nothing whose signature is refused', async () => {
    const directory = signed();
    const marker = join(directory, 'ran');
    replace(directory, marker);
    const { report } = await gate(directory);
    expect(report.findings.map(({ rule }) => rule)).toContain('sig/key-mismatch');
    expect(report.plugins[0]?.steps.find(({ step }) => step === 'load')).toMatchObject({
      summary: 'the signature was refused, so the plugin was not run',
    });
    expect(existsSync(marker)).toBe(false);
  });
});
