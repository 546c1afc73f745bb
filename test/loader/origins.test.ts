import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { compileC, workspace } from '../support/workspace.ts';
import { load } from './support.ts';

describeWith(['cc'], 'where libraries come from', () => {
  const directory = workspace();

  it('a library path that is a link is where it leads to', async () => {
    const real = join(directory, 'real');
    const link = join(directory, 'link');
    mkdirSync(real);
    symlinkSync(real, link);
    compileC(real, 'libdep', 'int dep(void) { return 5; }', ['-Wl,-soname,libdep.so']);
    const source = 'int dep(void); int entry(void) { return dep(); }';
    const file = compileC(directory, 'needs', source, [`-L${real}`, '-l:libdep.so']);
    for (const libraryPath of [[real], [link], [`${link}/`]]) {
      const { findings, evidence } = await load(file, { libraryPath });
      expect([findings, evidence.result]).toEqual([[], 'loaded']);
    }
    const planted = compileC(directory, 'planted', source, [`-L${real}`, '-l:libdep.so', `-Wl,-rpath,${real}`]);
    expect((await load(planted)).findings).toMatchObject([{ rule: 'load/library-place', subject: 'libdep.so' }]);
  });
});
