import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';

const found = new Map<string, boolean>();

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  let known = found.get(name);
  if (known === undefined) {
    known = spawnSync('sh', ['-c', `command -v "$1"`, 'sh', name], { env: process.env }).status === 0;
    found.set(name, known);
  }
  return known;
}

/** Programs that nobody packages for this architecture: set by scripts/verify.mjs. */
const elsewhere = new Set((process.env.PLUGIN_GATE_TESTS_ELSEWHERE ?? '').split(' '));

/**
 * `describe`, skipped with the reason in its title when a program is missing. In CI nothing may be missing:
 * scripts/verify.mjs installs the programs and counts a skipped test as a failure there.
 */
export function describeWith(programs: readonly string[], title: string, body: () => void): void {
  const missing = programs.filter((program) => !hasProgram(program));
  if (missing.length === 0) describe(title, body);
  else if (missing.every((program) => elsewhere.has(program)))
    describe.skip(`${title} [not on ${process.arch}: ${missing.join(', ')}]`, body);
  else describe.skip(`${title} [skipped: ${missing.join(', ')} not installed]`, body);
}
