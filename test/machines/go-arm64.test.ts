import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SandboxProfile } from '../../src/loader/sandbox.ts';
import { buildGoPlugin } from '../loader/go-plugin.ts';
import { load, rulesOf } from '../loader/support.ts';
import { workspace } from '../support/workspace.ts';
import { boot, type Machine, programsFor } from './machine.ts';
import { describeUnpacked } from './packages.ts';
import { ARM64_KERNEL, ARM64_LIBRARIES } from './toolchains.ts';

describeUnpacked(
  [...programsFor('arm64'), 'go'],
  [ARM64_KERNEL, ARM64_LIBRARIES],
  'a library in Go on an arm64 machine',
  (kernel = '', libraries = '') => {
    const directory = workspace();
    const file = join(directory, 'library.so');
    let machine: Machine;
    beforeAll(async () => {
      execFileSync('go', ['build', '-buildmode=c-shared', '-o', file, join(import.meta.dirname, 'go', 'main.go')], {
        env: { ...process.env, CGO_ENABLED: '1', GOOS: 'linux', GOARCH: 'arm64', CC: 'aarch64-linux-gnu-gcc' },
        stdio: 'pipe',
      });
      machine = await boot({ architecture: 'arm64', kernel, libraries, directory });
    }, 400_000);
    afterAll(() => machine?.stop());

    const loadUnder = (profile: SandboxProfile) =>
      load(file, {
        ...machine.request,
        sandbox: { profile },
        probes: [{ symbol: 'health', signature: 'int(void)' }],
      });

    it('has all that it needs under the profile go: threads, garbage collection, timers', async () => {
      const outcome = await loadUnder('go');
      expect(rulesOf(outcome)).toEqual(['note load/not-unloaded']);
      expect(outcome.evidence).toMatchObject({ result: 'loaded', probes: [{ number: 0 }], deniedCount: 0 });
      expect(outcome.evidence.isolation).toMatchObject({ systemCalls: true, files: true });
      expect(Math.max(...outcome.evidence.states.map(({ threads = 0 }) => threads))).toBeGreaterThan(1);
    });

    it('opens a Go plugin in a Go host under the same barriers, and names the function that asked', async () => {
      const plugin = join(directory, 'deeds.so');
      buildGoPlugin(directory, 'deeds', [], '', {
        number: 279,
        environment: { GOARCH: 'arm64', CC: 'aarch64-linux-gnu-gcc' },
      });
      const run = (deed: string) =>
        load(plugin, {
          ...machine.request,
          toolEnvironment: process.env,
          environment: { PLUGIN_DEED: deed },
          probes: [{ symbol: 'Probe', signature: 'int(void)' }],
          timeouts: { open: 60_000, probe: 60_000 },
        });
      const honest = await run('honest');
      expect(honest.findings).toEqual([]);
      expect(honest.evidence.go).toMatchObject({ result: 'opened', probe: { number: 0 } });
      expect(honest.evidence.go?.process?.isolation).toMatchObject({ systemCalls: true, files: true });
      for (const [deed, subject, name] of [
        ['shadow', 'openat /etc/shadow', /\.readSecret$/],
        ['packet', 'socket inet', /\.init\./],
        ['program', 'clone process', /\.init\./],
      ] as const) {
        const { findings } = await run(deed);
        expect(findings).toMatchObject([
          {
            rule: 'load/denied-syscall',
            subject,
            symbol: expect.stringMatching(name),
            location: { file: expect.stringMatching(/main\.go$/) },
          },
        ]);
      }
      const played = await run('play');
      expect(played.findings.some(({ message }) => message.includes('flow of control'))).toBe(true);
      expect(new Set(machine.leftBehind())).toEqual(new Set(['processes 0, files 0, mounts 0']));
    }, 400_000);

    it('cannot run under the profile strict, and is told what for', async () => {
      const outcome = await loadUnder('strict');
      expect(rulesOf(outcome)).toContain('error load/denied-syscall');
      expect(outcome.evidence.result).not.toBe('loaded');
      expect(new Set(machine.leftBehind())).toEqual(new Set(['processes 0, files 0, mounts 0']));
    });
  },
);
