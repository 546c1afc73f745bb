#!/usr/bin/env node
// npm run demo [-- breaking]: the gate on examples/quickstart, with nothing installed. dist/ is enough.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const example = join(root, 'examples', 'quickstart');
const [variant = 'good', ...rest] = process.argv.slice(2);
if (!['good', 'breaking'].includes(variant) || rest.length > 0) {
  console.error('Usage: npm run demo, or npm run demo -- breaking');
  process.exit(2);
}

/** Whether the example can be built here. */
function canBuild() {
  return ['make', process.env.CC || 'cc'].every(
    (program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0,
  );
}

const built = canBuild();
if (!built)
  console.log('This machine has no C compiler or no make: the files in examples/quickstart/prebuilt/ are checked.');
const config =
  variant === 'good' ? (built ? 'plugin-gate.yml' : 'prebuilt.yml') : built ? 'breaking.yml' : 'prebuilt-breaking.yml';
console.log(`$ cd examples/quickstart && plugin-gate check --config ${config}`);
const { status, error } = spawnSync(process.execPath, [join(root, 'dist', 'cli.cjs'), 'check', '--config', config], {
  cwd: example,
  stdio: 'inherit',
});
if (error !== undefined) throw error;
process.exitCode = status ?? 4;
