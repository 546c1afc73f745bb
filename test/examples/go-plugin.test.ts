import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runGate } from '../../src/gate/run.ts';
import { SILENT } from '../../src/gate/step.ts';
import { fitFiles } from '../golang/workbench.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const SOURCE = join(import.meta.dirname, '../../examples/go-plugin');
/** net/http is compiled for the first time with these flags. */
const TIMEOUT = 300_000;

describeWith(['go', 'gcc'], 'the Go example', () => {
  const root = workspace();
  cpSync(SOURCE, root, { recursive: true });

  function build(directory: string, ...words: readonly string[]): void {
    execFileSync('go', ['build', '-buildvcs=false', ...words, '.'], {
      cwd: join(root, directory),
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '' },
    });
  }

  it(
    'runs through the whole gate, as its README says',
    async () => {
      build('host', '-trimpath', '-o', '../build/gateway');
      const { report } = await runGate({
        configFile: 'plugin-gate.yml',
        directory: root,
        environment: { PATH: process.env.PATH, HOME: process.env.HOME, GOCACHE: process.env.GOCACHE },
        progress: SILENT,
        version: '0.0.0-test',
        now: new Date('2026-11-22T12:00:00Z'),
      });
      expect(report.findings.map(({ rule }) => rule)).toEqual(['baseline/none']);
      expect(report.verdict).toBe('pass');
      const [plugin] = report.plugins;
      const statuses = plugin?.steps.map(({ step, status }) => [step, status]) ?? [];
      expect(Object.fromEntries(statuses)).toMatchObject({ build: 'pass', read: 'pass', fit: 'pass', load: 'pass' });
      const load = plugin?.steps.find(({ step }) => step === 'load');
      expect(load?.summary).toMatch(/^opened in a Go host .*probe Healthy called; \d+ events in audit\.jsonl$/);
      const answer = execFileSync('build/gateway', ['build/greeter.so', '/hello?name=you'], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(answer).toBe('200 Hello, you!\n');
    },
    TIMEOUT,
  );

  it(
    'tells of the plugin that was built in another way what the gateway would say, and why',
    () => {
      build('plugin', '-buildmode=plugin', '-o', '../build/other.so');
      const [fit] = fitFiles(join(root, 'build/gateway'), [join(root, 'build/other.so')]);
      expect(fit?.loads).toBe(false);
      expect(fit?.reasons.map(({ rule, subject }) => `${rule} ${subject}`)).toEqual(['go/flags-mismatch -trimpath']);
      expect(fit?.reasons[0]?.fix).toMatch(/go build -buildmode=plugin -trimpath$/);
      const { stderr, status } = spawnSync('build/gateway', ['build/other.so', '/'], { cwd: root, encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr.trim()).toMatch(new RegExp(`different version of package ${fit?.go?.firstNamed}$`));
    },
    TIMEOUT,
  );
});
