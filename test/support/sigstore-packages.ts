import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/**
 * `@sigstore/sign` and `@sigstore/mock` in one CommonJS file: they need ES modules through require(), which node can do
 * and jest under Node 20 cannot.
 */
function load(): typeof import('@sigstore/sign') & typeof import('@sigstore/mock') {
  const directory = mkdtempSync(join(tmpdir(), 'plugin-gate-test-sigstore-'));
  try {
    const outfile = join(directory, 'sigstore.cjs');
    buildSync({
      stdin: {
        contents: "export * from '@sigstore/sign';\nexport * from '@sigstore/mock';",
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      outfile,
      logLevel: 'error',
    });
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const sigstorePackages = load();
