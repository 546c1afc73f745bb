import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';

/** A directory of the test file's own, removed after its tests. */
export function workspace(): string {
  const directory = mkdtempSync(join(tmpdir(), 'plugin-gate-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes files given by relative path, making directories. */
export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Compiles C source text to a shared library and returns its path. Throws with the compiler's output. */
export function compileC(directory: string, name: string, source: string, flags: readonly string[] = []): string {
  const input = join(directory, `${name}.c`);
  const output = join(directory, `${name}.so`);
  writeFileSync(input, source);
  execFileSync('cc', ['-shared', '-fPIC', '-o', output, input, ...flags], { stdio: 'pipe' });
  return output;
}
