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
    // A part of its own, loaded only where OpenPGP keys are given: its library asks for `createRequire`.
    external: ['../parts/openpgp.ts'],
  });
  const [output] = Object.values(metafile?.outputs ?? {});
  const asked = output?.imports.map(({ path }) => path.replace(/^node:/, '')) ?? [];
  const builtins = new Set(asked.filter((path) => !path.endsWith('/openpgp.ts')));
  expect([...builtins].sort()).toEqual(['crypto', 'util']);
});
