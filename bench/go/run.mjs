#!/usr/bin/env node
// `fit` on a Go host and ten plugins with a thousand packages in all, and on a plugin of 100 MB, beside `node -e 0`.
//   node bench/go/run.mjs DIRECTORY [--runs N] [--cli FILE]
// DIRECTORY keeps the inputs, which take a minute to make the first time. Whole processes in turn; medians of the processor
// time (user and system) and of the wall time, and the ratios of each turn. The target is a ratio of 4 at most. Bytes are
// those that the process asked the kernel for (strace, where it is installed).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeInputs } from './inputs.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '15' }, cli: { type: 'string' } },
});
if (positionals.length !== 1) throw new Error('Give the directory that keeps the inputs.');
const directory = resolve(positionals[0]);
mkdirSync(directory, { recursive: true });
const cli = values.cli ?? join(root, 'dist', 'cli.cjs');
const runs = Number(values.runs);
const files = makeInputs(directory);

const BASE = 'node -e 0';
const COMMANDS = {
  [BASE]: { args: ['-e', '0'], status: 0 },
  'fit, ten plugins that load': { args: [cli, 'fit', files.host, ...files.plugins], status: 0 },
  'fit, ten plugins that do not load': { args: [cli, 'fit', files.host, ...files.refused], status: 1 },
  'fit, a plugin of 100 MB': { args: [cli, 'fit', files.host, files.large], status: 0 },
};

/** One whole process: processor and wall time in milliseconds. */
function measure({ args, status }) {
  const before = childTimes();
  const start = process.hrtime.bigint();
  const done = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  if (done.status !== status) throw new Error(`${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
  return { wall, cpu: childTimes() - before };
}

/** Milliseconds of processor time of all children so far (proc(5), cutime and cstime in ticks of 10 ms). */
function childTimes() {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Bytes that read and pread gave of one of the files. */
function bytesRead(args, file) {
  const place = mkdtempSync(join(tmpdir(), 'plugin-gate-bench-'));
  try {
    const log = join(place, 'log');
    const { error } = spawnSync('strace', [
      '-f',
      '-y',
      '-e',
      'trace=read,pread64',
      '-o',
      log,
      process.execPath,
      ...args,
    ]);
    if (error !== undefined) return undefined;
    let sum = 0;
    for (const line of readFileSync(log, 'latin1').split('\n')) {
      if (line.includes(`<${file}>`)) sum += Math.max(0, Number(/= (\d+)$/.exec(line)?.[1] ?? 0));
    }
    return sum;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;

const samples = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, []]));
for (let run = -1; run < runs; run += 1) {
  for (const [name, command] of Object.entries(COMMANDS)) {
    const sample = measure(command);
    if (run >= 0) samples[name].push(sample);
  }
}
console.log(`Node ${process.version}, ${runs} runs, milliseconds`);
const base = samples[BASE];
for (const [name, list] of Object.entries(samples)) {
  const wall = median(list.map((one) => one.wall));
  // Ticks are coarse: their mean is finer than their median.
  const cpu = mean(list.map((one) => one.cpu));
  const wallRatio = median(list.map((one, at) => one.wall / base[at].wall));
  const cpuRatio = cpu / mean(base.map((one) => one.cpu));
  console.log(
    `${name.padEnd(34)} wall ${wall.toFixed(0).padStart(5)} (${wallRatio.toFixed(1)} times)  processor ${cpu.toFixed(0).padStart(5)} (${cpuRatio.toFixed(1)} times)`,
  );
}
for (const [name, file] of [
  ['fit, a plugin of 100 MB', files.large],
  ['fit, ten plugins that load', files.plugins[0]],
]) {
  const count = bytesRead(COMMANDS[name].args, file);
  const size = statSync(file).size;
  const text =
    count === undefined
      ? 'not measured, strace is missing'
      : `${count} of ${size} bytes, ${((100 * count) / size).toFixed(1)} %`;
  console.log(`${name}: read of ${file.slice(directory.length + 1)}: ${text}`);
}
