#!/usr/bin/env node
// Comparison of types: whole processes of plugin-gate and abidiff in turn, medians, the ratio, peak memory.
//   node bench/abi/run.mjs DIRECTORY [--runs N] [--only NAME] [--cli FILE]
// DIRECTORY keeps the inputs, which take about ten minutes to make the first time. Needs what
// scripts/system-packages.txt installs, and cargo, cmake, time. Run it on an idle machine.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generated, libstdcxx, protobuf, sqlite } from './inputs.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, only: { type: 'string' }, cli: { type: 'string' } },
});
if (positionals.length !== 1) throw new Error('Give the directory that keeps the inputs.');
const directory = resolve(positionals[0]);
mkdirSync(directory, { recursive: true });
const cli = values.cli ?? join(root, 'dist', 'cli.cjs');
const runs = Number(values.runs);

const TOOLS = {
  'plugin-gate': (pair) => [process.execPath, cli, 'diff', '--format', 'json', pair.old, pair.new],
  abidiff: (pair) => ['abidiff', pair.old, pair.new],
};

/** One whole process: wall and processor time in seconds, peak memory in MB. */
function measure(argv) {
  const format = '%e %U %S %M';
  const { stderr, error } = spawnSync('/usr/bin/time', ['-f', format, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  const [wall, user, system, memory] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (!Number.isFinite(memory)) throw new Error(`${argv.join(' ')} was not measured: ${stderr.slice(-500)}`);
  return { wall, cpu: user + system, memory: memory / 1024 };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const of = (samples, field) => median(samples.map((one) => one[field]));

function inTurn(pair, tools) {
  const samples = Object.fromEntries(tools.map((name) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (const name of tools) samples[name].push(measure(TOOLS[name](pair)));
  }
  return samples;
}

/** MB of .debug_info as the linker left it. */
function debugMegabytes(file) {
  const { stdout } = spawnSync('readelf', ['-SW', file], { encoding: 'utf8' });
  const size = /\.debug_info\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)/.exec(stdout);
  return size === null ? 0 : Number.parseInt(size[1], 16) / 1e6;
}

const version = (program) => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim().split('\n')[0];
const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n');

const processor = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
console.log(
  `${processor}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; Node ${process.version}, ${version('abidiff')}; ${runs} runs each, medians\n`,
);

const wanted = (name) => values.only === undefined || name.includes(values.only);
const pairs = [sqlite, libstdcxx, protobuf].filter(({ name }) => wanted(name)).map((make) => make(directory));
if (pairs.length > 0) {
  const rows = [
    [
      'pair',
      '.debug_info',
      'plugin-gate wall',
      'abidiff wall',
      'times faster',
      'times less cpu',
      'plugin-gate cpu',
      'abidiff cpu',
      'plugin-gate memory',
      'abidiff memory',
    ],
    ['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '--:'],
  ];
  for (const pair of pairs) {
    const { 'plugin-gate': own, abidiff } = inTurn(pair, ['plugin-gate', 'abidiff']);
    const ratio = (field) => median(own.map((one, at) => abidiff[at][field] / one[field])).toFixed(1);
    rows.push([
      pair.name,
      `${debugMegabytes(pair.old).toFixed(1)} MB`,
      `${of(own, 'wall').toFixed(2)} s`,
      `${of(abidiff, 'wall').toFixed(2)} s`,
      ratio('wall'),
      ratio('cpu'),
      `${of(own, 'cpu').toFixed(2)} s`,
      `${of(abidiff, 'cpu').toFixed(2)} s`,
      `${of(own, 'memory').toFixed(0)} MB`,
      `${of(abidiff, 'memory').toFixed(0)} MB`,
    ]);
  }
  console.log(`${table(rows)}\n`);
}

if (wanted('growth')) {
  const [small, large] = [1500, 12_000].map((count) => generated(directory, count));
  const perMegabyte = [small, large].map((pair) => {
    const { 'plugin-gate': own } = inTurn(pair, ['plugin-gate']);
    const size = debugMegabytes(pair.old);
    const cpu = of(own, 'cpu');
    console.log(
      `${pair.name}: ${size.toFixed(1)} MB of .debug_info, ${of(own, 'wall').toFixed(2)} s wall, ${cpu.toFixed(2)} s cpu, ${of(own, 'memory').toFixed(0)} MB, ${((cpu / size) * 1000).toFixed(0)} ms cpu for a MB`,
    );
    return cpu / size;
  });
  console.log(`time for a MB, large to small: ${(perMegabyte[1] / perMegabyte[0]).toFixed(2)}`);
}
