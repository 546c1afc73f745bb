import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { keptDirectory } from './kept-directory.ts';
import { fitFiles, loadable, openReally, type Toolchain, Workbench } from './workbench.ts';

/** The Go of the distribution, beside the one on the PATH. */
const directories = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => /^go-1\.\d+$/.test(name)) : [];
const distribution = directories
  .map((name) => join('/usr/lib', name, 'bin'))
  .find((path) => existsSync(join(path, 'go')));
const ITS_OWN: Toolchain = {
  ...(distribution === undefined ? {} : { path: distribution }),
  env: { GOTOOLCHAIN: 'local' },
};
const NAMED = /plugin was built with a different version of package (\S+)$/;
const TIMEOUT = 240_000;

const TITLE = 'a second toolchain';
describeWith(distribution === undefined ? ['golang-go of the distribution'] : ['go', 'gcc'], TITLE, () => {
  const bench = new Workbench(keptDirectory('toolchains'));

  it.each([
    ['everything alike', {}, true, []],
    ['stripped', { strip: true }, true, []],
    ['-trimpath for the plugin', { flags: ['-trimpath'] }, false, ['go/flags-mismatch']],
    ['-gcflags=all for the plugin', { flags: ['-gcflags=all=-N -l'] }, false, ['go/flags-mismatch']],
    ['a newer version', { versions: { 'example.com/lib': 'v1.1.0' } }, false, ['go/module-version']],
  ] as const)(
    'its own host: %s',
    (_, options, opens, rules) => {
      const host = bench.host({}, ITS_OWN);
      const plugin = bench.plugin(options, ITS_OWN);
      const [answer] = openReally(host, [plugin]);
      const [fit] = fitFiles(host, [plugin]);
      expect(answer?.opened).toBe(opens);
      expect(fit?.loads).toBe(opens);
      expect(fit?.go?.firstNamed).toBe(answer?.opened === false ? NAMED.exec(answer.message)?.[1] : undefined);
      const told = fit?.reasons.map(({ rule }) => rule) ?? [];
      expect(told).toEqual(expect.arrayContaining([...rules]));
    },
    TIMEOUT,
  );

  it(
    'is told apart from the first one, both ways, and no package is foretold when the host does not survive',
    () => {
      for (const [host, plugin] of [
        [bench.host({}), bench.plugin({}, ITS_OWN)],
        [bench.host({}, ITS_OWN), bench.plugin({})],
      ] as const) {
        const [answer] = openReally(host, [plugin]);
        expect(answer?.opened).toBe(false);
        const [fit] = fitFiles(host, [plugin]);
        expect(fit?.loads).toBe(false);
        expect(fit?.reasons.map(({ rule }) => rule)).toContain('go/toolchain-mismatch');
        const message = answer?.opened === false ? answer.message : '';
        expect(fit?.go?.firstNamed).toBe(NAMED.exec(message)?.[1]);
      }
    },
    TIMEOUT,
  );

  it('names its toolchain in the debug information, where it leaves no build information', () => {
    const { go } = loadable(bench.plugin({}, ITS_OWN));
    expect(go?.toolchain).toMatch(/^go1\.\d+/);
    expect(go?.plugin?.path).toBe('example.com/plug');
    expect(go?.plugin?.table.symbols.map(({ name, kind, type }) => `${kind} ${name} ${type}`)).toEqual([
      'func Handle func(*lib.Config) sub.Wrapper',
      'func Probe func() error',
      'var Limit int',
    ]);
  });
});
