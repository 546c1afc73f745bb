import { expect, it } from '@jest/globals';
import { keptDirectory } from '../golang/kept-directory.ts';
import { describeWith } from '../support/needs.ts';
import { buildGoPlugin } from './go-plugin.ts';
import { load } from './support.ts';

/** Its runtime wakes itself by a pipe, and its linker leaves the table of functions without a section of its own. */
const OLDER = 'go1.21.13';

describeWith(['go', 'gcc'], `the sandbox of a plugin from ${OLDER}`, () => {
  const directory = keptDirectory('go-older');

  it('names the function that asked, and lets the runtime do its work under strict', async () => {
    const environment = { GOTOOLCHAIN: OLDER };
    const number = process.arch === 'arm64' ? 279 : 319;
    const file = buildGoPlugin(directory, 'older', [], '', { number, environment });
    const run = (deed: string, profile: 'go' | 'strict') =>
      load(file, {
        toolEnvironment: process.env,
        environment: { PLUGIN_DEED: deed },
        sandbox: { profile },
        probes: [{ symbol: 'Probe', signature: 'int(void)' }],
      });
    const refused = await run('shadow', 'go');
    expect(refused.evidence.go).toMatchObject({ toolchain: OLDER, result: 'opened' });
    expect(refused.findings).toMatchObject([
      {
        rule: 'load/denied-syscall',
        subject: 'openat /etc/shadow',
        symbol: expect.stringMatching(/\.readSecret$/),
        location: { file: expect.stringMatching(/main\.go$/) },
      },
    ]);
    const strict = await run('probe:honest', 'strict');
    expect(strict.evidence.go).toMatchObject({ result: 'opened', probe: { number: 0 } });
    expect(new Set(strict.findings.map(({ subject }) => subject?.split(' ')[0]))).toEqual(
      new Set(['newfstatat', 'openat']),
    );
  }, 240_000);
});
