import { expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';

it('the part that verifies cannot make a connection, read a file or start a program', () => {
  const { metafile } = buildSync({
    entryPoints: [new URL('../../src/parts/signature.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    metafile: true,
    outdir: 'unused',
  });
  const [output] = Object.values(metafile?.outputs ?? {});
  const builtins = new Set(output?.imports.map(({ path }) => path.replace(/^node:/, '')));
  expect([...builtins].sort()).toEqual(['crypto', 'util']);
});
