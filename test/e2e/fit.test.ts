import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { cli, ROOT, STACK } from './run.ts';

/** `fit` as it is bundled: its parts hand files and errors to each other, which source modules need not. */

const permit = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((triplet) => `/usr/lib/${triplet}/security/pam_permit.so`)
  .find((file) => existsSync(file));
const root = workspace();

describeWith(['cc'], 'dist/cli.cjs fit', () => {
  it('knows kinds of hosts', () => {
    expect(permit).toBeDefined();
    expect(cli(['fit', '--preset', 'pam', permit ?? ''])).toMatchObject({ status: 0, stderr: '' });
    const other = cli(['fit', '--preset', 'ladspa', permit ?? '']);
    expect(other).toMatchObject({ status: 1, stderr: '' });
    expect(other.stdout).toContain('ladspa_descriptor');
  });

  it('answers for several hosts at once', () => {
    const plugin = compileC(root, 'plugin', 'int f(void); int g(void) { return f(); }\n');
    const offers = compileC(root, 'offers', 'int f(void) { return 1; }\n');
    const lacks = compileC(root, 'lacks', 'int other(void) { return 1; }\n');
    const { status, stdout, stderr } = cli(['fit', '--host', offers, '--host', lacks, '--format', 'json', plugin]);
    expect(stderr).toBe('');
    const { hosts } = JSON.parse(stdout);
    const loads = hosts.map((host: { plugins: { loads: unknown }[] }) => host.plugins.map((one) => one.loads));
    expect(loads).toEqual([[true], [false]]);
    expect(status).toBe(1);
  });

  it('takes a description in the place of a host', () => {
    const plugin = compileC(root, 'described', 'int g(void) { return 0; }\n');
    const { status, stdout, stderr } = cli(['fit', join(ROOT, 'examples', 'go-plugin', 'host', 'go.mod'), plugin]);
    expect(status).toBe(3);
    expect(stdout).toContain('go/host-partial');
    expect(stdout + stderr).not.toMatch(STACK);
  });
});
