// What the gate gains by loading plugins beside each other: a project of plugins whose constructors take a while.
//   node bench/gate-load.mjs [--plugins N] [--cli FILE]
// Prints the sum of the load steps, the time that the whole gate took, and how many were loaded at a time. Needs cc.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const option = (name, otherwise) => (words.includes(name) ? words[words.indexOf(name) + 1] : otherwise);
const count = Number(option('--plugins', '16'));
const cli = resolve(option('--cli', join(root, 'dist', 'cli.cjs')));
/** Milliseconds that a constructor takes. */
const WORK = 250;

const directory = mkdtempSync(join(tmpdir(), 'plugin-gate-bench-'));
try {
  const source = join(directory, 'slow.c');
  writeFileSync(
    source,
    `#include <unistd.h>\n__attribute__((constructor)) static void begin(void) { usleep(${WORK * 1000}); }\nint entry(void) { return 0; }\n`,
  );
  const plugins = [];
  for (let index = 0; index < count; index++) {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', join(directory, `p${index}.so`), source]);
    plugins.push(`  - { name: p${index}, kind: elf, artifact: p${index}.so, baseline: { none: first } }`);
  }
  writeFileSync(join(directory, 'plugin-gate.yml'), `version: 1\nplugins:\n${plugins.join('\n')}\n`);
  const started = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, [cli, 'check', '--format', 'json'], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const elapsed = performance.now() - started;
  const report = JSON.parse(stdout || readFileSync(join(directory, 'plugin-gate-report', 'report.json'), 'utf8'));
  const steps = report.plugins.map((plugin) => plugin.steps.find(({ step }) => step === 'load')?.durationMs ?? 0);
  if (steps.length !== count) throw new Error(`the report has ${steps.length} plugins: ${stderr}`);
  const sum = steps.reduce((left, right) => left + right, 0);
  console.log(`${count} plugins, constructors of ${WORK} ms, ${availableParallelism()} processors`);
  console.log(`sum of the load steps ${(sum / 1000).toFixed(1)} s, the whole gate ${(elapsed / 1000).toFixed(1)} s`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
