#!/usr/bin/env node
// The gate over many plugins, without results of earlier runs, with all of them, and with one plugin that changed.
//   node bench/incremental.mjs [plugins] [path of cli.cjs]
// Each plugin is a C library with debug information of some hundred types, compared with its previous release, fitted into a
// host and a system, and loaded. Times are those of the whole process; the file system's cache is warm in all of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [count = '100', cli = join(import.meta.dirname, '..', 'dist', 'cli.cjs')] = process.argv.slice(2);
const plugins = Number(count);
const TYPES = 300;

const base = mkdtempSync(join(tmpdir(), 'plugin-gate-bench-'));
const project = join(base, 'project');
mkdirSync(project);

function source(name, more = '') {
  const types = Array.from(
    { length: TYPES },
    (_, at) =>
      `struct ${name}_${at} { int a; char b[${at + 1}]; struct ${name}_${Math.max(0, at - 1)} *next; };\nint ${name}_f${at}(struct ${name}_${at} *p) { return p->a; }`,
  );
  return `${types.join('\n')}\nint ${name}_init(void) { return 0; }\n${more}`;
}

function compile(name, output, more) {
  const file = join(base, `${name}.c`);
  writeFileSync(file, source(name, more));
  execFileSync('cc', ['-shared', '-fPIC', '-g', '-O1', '-Wl,-z,now', '-o', join(project, output), file]);
}

const entries = [];
for (let at = 0; at < plugins; at += 1) {
  const name = `p${at}`;
  compile(name, `${name}-1.so`, '');
  compile(name, `${name}.so`, `int ${name}_more(void) { return 1; }`);
  entries.push(
    `  - name: ${name}\n    kind: elf\n    artifact: ${name}.so\n    baseline: { file: ${name}-1.so }\n    hosts: [{ name: host, file: host, target: "debian:12" }]\n    symbols: { required: [${name}_init] }\n`,
  );
}
writeFileSync(join(base, 'host.c'), 'int main(void) { return 0; }\n');
execFileSync('cc', ['-rdynamic', '-o', join(project, 'host'), join(base, 'host.c')]);
writeFileSync(join(project, 'plugin-gate.yml'), `version: 1\nplugins:\n${entries.join('')}`);

function run(title, ...options) {
  const started = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [resolve(cli), 'check', '--report-directory', '../report', ...options],
    {
      cwd: project,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${title}: exit status ${status}\n${stderr}`);
  const report = JSON.parse(readFileSync(join(base, 'report', 'report.json'), 'utf8'));
  const steps = report.plugins.flatMap((one) => one.steps);
  const reused = steps.filter(({ reuse }) => reuse?.reused).length;
  const perPlugin = ((seconds * 1000) / plugins).toFixed(1);
  console.log(
    `${title.padEnd(34)} ${seconds.toFixed(2).padStart(7)} s  ${perPlugin.padStart(7)} ms a plugin  ${reused} results reused`,
  );
}

try {
  const cache = ['--cache', join(base, 'cache')];
  run('no cache');
  run('cold: a cache that is empty', ...cache);
  run('warm: nothing changed', ...cache);
  compile('p0', 'p0.so', 'int p0_more(void) { return 2; }');
  run('warm: one plugin changed', ...cache);
  copyFileSync('/bin/true', join(project, 'host'));
  run('warm: the host changed', ...cache);
  const size = execFileSync('du', ['-sk', join(base, 'cache')], { encoding: 'utf8' }).split('\t')[0];
  console.log(`the cache has ${size} KiB`);
} finally {
  rmSync(base, { recursive: true, force: true });
}
