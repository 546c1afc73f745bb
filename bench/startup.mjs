#!/usr/bin/env node
// Start-up cost: `inspect` and `diff` of small files against `node -e 0`, whole processes in turn, medians and ratios.
//   node bench/startup.mjs [runs]
// The target is a ratio of 2 at most. Run it on an idle machine; the ratio is taken pair by pair.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const runs = Number(process.argv[2] ?? 21);
const cli = join(root, 'dist', 'cli.cjs');
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const file = join(root, 'examples', 'quickstart', 'prebuilt', architecture, 'greet.so');

const commands = {
  'node -e 0': ['-e', '0'],
  'plugin-gate inspect': [cli, 'inspect', file],
  'plugin-gate diff (unchanged)': [cli, 'diff', file, file],
};

function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return elapsed;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let run = -1; run < runs; run += 1) {
  for (const [name, args] of Object.entries(commands)) {
    const elapsed = time(args);
    if (run >= 0) samples[name].push(elapsed);
  }
}
const base = samples['node -e 0'];
console.log(`Node ${process.version}, ${runs} runs, milliseconds wall, median (minimum)`);
for (const [name, values] of Object.entries(samples)) {
  const ratio = median(values.map((value, at) => value / base[at]));
  console.log(
    `${name.padEnd(30)} ${median(values).toFixed(1).padStart(7)} (${Math.min(...values).toFixed(1)})  ${ratio.toFixed(2)} times node -e 0`,
  );
}
