import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { keptDirectory } from './kept-directory.ts';
import { fitFiles, openReally, Workbench } from './workbench.ts';

/**
 * https://github.com/krakend/krakend-ce/issues/475: the host's own check compares go.sum and finds no incompatibility, and
 * yet plugin.Open refuses the plugin for a package of a module that both have in the same version.
 */
describeWith(['go', 'gcc'], 'a plugin whose go.sum agrees with the host', () => {
  const root = keptDirectory('krakend-475');
  const bench = new Workbench(root);

  it('is refused all the same, and the cause is named', () => {
    const host = bench.host({});
    const plugin = bench.plugin({ modules: 'other-cache' });
    expect(readFileSync(join(`${plugin}.source`, 'go.sum'), 'utf8')).toBe(
      readFileSync(join(root, 'host-source', 'go.sum'), 'utf8'),
    );
    expect(openReally(host, [plugin])).toEqual([
      { opened: false, message: expect.stringContaining('different version of package example.com/lib') },
    ]);
    const [fit] = fitFiles(host, [plugin]);
    expect(fit?.loads).toBe(false);
    expect(fit?.go?.firstNamed).toBe('example.com/lib');
    const [reason] = fit?.reasons ?? [];
    expect(reason).toMatchObject({ rule: 'go/build-path', subject: 'GOMODCACHE', old: join(root, 'cache') });
    expect(reason?.message).toContain(join(root, 'cache-other-cache'));
    expect(reason?.fix).toContain('-trimpath');
  });
});
