#!/usr/bin/env node
// Everything that CI checks, from a fresh clone on a machine that may have nothing but Node 20 or later and git.
// Needs no package of its own. Ends with `N passed, N failed, N skipped`; exit 1 when anything failed, and in CI
// (CI=true) also when anything was skipped.
//   node scripts/verify.mjs [--only lint,types,...]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
// `npm run --silent` hands its silence on to every npm below it; errors must be seen.
process.env.npm_config_loglevel = 'error';
const inCi = process.env.CI === 'true' || process.env.CI === '1';
const NODE_24 = '24.21.0';
const NODE_20 = '20.19.0';
const GO = '1.24.4';
/** What checks and runs workflows. */
const ACTIONLINT = '1.7.7';
const ACT = '0.2.82';
const ZIZMOR = '1.16.3';

function run(command, args, options = {}) {
  return spawnSync(command, args, { stdio: 'inherit', ...options });
}

function has(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

function section(title) {
  console.log(`\n== ${title}`);
}

/**
 * Lines `package` or `package = program|other`: with programs, the package is needed only where none of them is there.
 * `package [amd64] = program` is one that Debian has for that architecture only; tests of its program have no place on
 * others, and are not counted as skipped there.
 */
function missingSystemPackages() {
  const lines = readFileSync('scripts/system-packages.txt', 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim());
  const architecture = { x64: 'amd64' }[process.arch] ?? process.arch;
  const elsewhere = [];
  const wanted = [...new Set(lines.filter((line) => line !== ''))].flatMap((line) => {
    const [, name, only = architecture, programs] = /^(\S+)(?: \[(\w+)\])?(?: = (\S+))?$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`scripts/system-packages.txt: not understood: ${line}`);
    if (only !== architecture) elsewhere.push(...(programs ?? '').split('|'));
    return only === architecture ? [[name, programs]] : [];
  });
  process.env.PLUGIN_GATE_TESTS_ELSEWHERE = elsewhere.join(' ');
  return wanted
    .filter(([name, program]) =>
      program
        ? !program.split('|').some(has)
        : !/^install ok installed/.test(
            spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' }).stdout ?? '',
          ),
    )
    .map(([name]) => name);
}

function installSystemPackages() {
  if (!has('apt-get')) return console.log('No apt-get here: tests that need a missing program will say so.');
  const missing = missingSystemPackages();
  if (missing.length === 0) return console.log('All there.');
  const prefix =
    process.getuid?.() === 0
      ? []
      : has('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0
        ? ['sudo', '-n']
        : undefined;
  if (prefix === undefined)
    return console.log(`Not root and no sudo without a password. Missing: ${missing.join(' ')}`);
  console.log(`Installing ${missing.join(' ')}`);
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return run(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  apt('update', '-qq');
  if (apt('install', '-y', '-qq', '--no-install-recommends', ...missing).status !== 0) {
    for (const name of missing) {
      if (apt('install', '-y', '-qq', '--no-install-recommends', name).status !== 0)
        console.log(`Could not install ${name}.`);
    }
  }
}

/** Path of a Node of that version from the npm registry, installed below .cache/ when it is not there yet. */
function nodeFromNpm(version) {
  const architecture = { x64: 'x64', arm64: 'arm64' }[process.arch];
  if (architecture === undefined) return undefined;
  const directory = join(root, '.cache', `node-${version}`);
  const binary = join(directory, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{"private":true}\n');
    const args = [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `node-linux-${architecture}@${version}`,
    ];
    run('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return existsSync(binary) ? binary : undefined;
}

function useNode24() {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const binary = nodeFromNpm(NODE_24);
  if (binary === undefined)
    throw new Error(`Node 24 is needed and could not be installed from npm; this is ${process.version}.`);
  process.env.PATH = `${dirname(binary)}:${process.env.PATH}`;
  return binary;
}

/** Makes a tree writable and, below bin and pkg/tool, executable: the module cache has neither. */
function unlock(path, executable) {
  const directory = statSync(path).isDirectory();
  chmodSync(path, directory || executable ? 0o755 : 0o644);
  if (!directory) return;
  for (const name of readdirSync(path)) unlock(join(path, name), executable || name === 'bin' || name === 'tool');
}

/** Distributions have Go versions that leave no build information in plugins: then a newer one, as a Go module. */
function useGo() {
  const minor = (program) =>
    Number(/go1\.(\d+)/.exec(spawnSync(program, ['version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0);
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  if (minor('go') >= 21 || minor('go') === 0 || architecture === undefined) return;
  const directory = join(root, '.cache', `go-${GO}`);
  if (!existsSync(join(directory, 'bin', 'go'))) {
    const module = `golang.org/toolchain@v0.0.1-go${GO}.linux-${architecture}`;
    const { stdout } = spawnSync('go', ['mod', 'download', '-json', module], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const from = stdout === '' ? undefined : JSON.parse(stdout).Dir;
    if (from === undefined) return console.log(`Could not install Go ${GO}.`);
    rmSync(directory, { recursive: true, force: true });
    cpSync(from, directory, { recursive: true });
    unlock(directory, false);
  }
  process.env.PATH = `${join(directory, 'bin')}:${process.env.PATH}`;
}

/** Programs for workflow files, from the Go module proxy and PyPI, below .cache/. A test that misses one says so. */
function useWorkflowTools() {
  const bin = join(root, '.cache', 'bin');
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  mkdirSync(bin, { recursive: true });
  const go = { ...process.env, GOBIN: bin, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'auto' };
  for (const [name, version, module] of [
    ['actionlint', ACTIONLINT, 'github.com/rhysd/actionlint/cmd/actionlint'],
    ['act', ACT, 'github.com/nektos/act'],
  ]) {
    const stamp = join(bin, `.${name}-${version}`);
    if (existsSync(stamp)) continue;
    if (run('go', ['install', `${module}@v${version}`], { ...quiet, cwd: bin, env: go }).status === 0)
      writeFileSync(stamp, '');
    else console.log(`Could not install ${name} ${version}.`);
  }
  const environment = join(root, '.cache', `zizmor-${ZIZMOR}`);
  const zizmor = join(environment, 'bin', 'zizmor');
  if (!existsSync(zizmor) && run('python3', ['-m', 'venv', environment], quiet).status === 0)
    run(join(environment, 'bin', 'pip'), ['install', '--quiet', `zizmor==${ZIZMOR}`], quiet);
  if (!existsSync(zizmor)) console.log(`Could not install zizmor ${ZIZMOR}.`);
  process.env.PATH = `${bin}:${dirname(zizmor)}:${process.env.PATH}`;
}

/** The real cosign and its services, from the Go module proxy, below .cache/. A test that misses them says so. */
function useSigstoreTools() {
  const directory = join(root, '.cache', 'sigstore-tools');
  const { status } = run('sh', ['scripts/sigstore-tools.sh', directory], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.log('Could not install cosign and its services.');
  process.env.PATH = `${join(directory, 'bin')}:${process.env.PATH}`;
}

/**
 * Installs what the lock file says, unless node_modules was made from this very lock file. Not `npm ci`: that refuses a
 * lock file without the optional packages of every platform, and some registries serve only those of their own.
 */
function installNpmPackages() {
  const stamp = join(root, 'node_modules', '.plugin-gate-lock');
  const lock = readFileSync('package-lock.json');
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return console.log('node_modules is up to date.');
  if (run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']).status !== 0) {
    throw new Error('npm install failed');
  }
  if (!readFileSync('package-lock.json').equals(lock))
    throw new Error('npm install changed package-lock.json; commit what it should be');
  writeFileSync(stamp, digest);
}

const started = Date.now();
section('System packages');
installSystemPackages();
section('Node');
const node = useNode24();
process.env.PLUGIN_GATE_NODE_20 = process.versions.node.startsWith('20.')
  ? process.execPath
  : (nodeFromNpm(NODE_20) ?? '');
console.log(`${node}, and for the command line also ${process.env.PLUGIN_GATE_NODE_20 || 'none'}`);
section('Go');
useGo();
console.log((spawnSync('go', ['version'], { encoding: 'utf8' }).stdout ?? '').trim() || 'none');
section('Workflow tools');
useWorkflowTools();
section('Sigstore tools');
useSigstoreTools();
section('npm packages');
installNpmPackages();

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined;
const checks = [
  ['lint', 'Lint and format', node, ['node_modules/@biomejs/biome/bin/biome', 'ci', '.']],
  ['types', 'Types', node, ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['generated', 'Generated schema and docs are what the source makes', node, ['scripts/generate.ts', '--check']],
  ['dist', 'dist/ is what the source builds', node, ['scripts/build.mjs', '--check']],
  ['prebuilt', 'Prebuilt loaders are what the source builds', 'sh', ['native/build.sh', '--check']],
];
let passed = 0;
let failed = 0;
let skipped = 0;
const failures = [];
for (const [key, title, command, args] of checks) {
  if (only !== undefined && !only.includes(key)) continue;
  section(title);
  const { status } = run(command, args);
  if (status === 0) passed += 1;
  else {
    failed += 1;
    failures.push(title);
  }
}

if (only === undefined || only.includes('tests')) {
  section('Tests');
  mkdirSync('.cache', { recursive: true });
  const output = join('.cache', 'jest.json');
  writeFileSync(output, '');
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--maxWorkers=2',
    '--json',
    `--outputFile=${output}`,
  ];
  run(node, jest, { stdio: ['ignore', 'ignore', 'inherit'] });
  const text = readFileSync(output, 'utf8');
  const results = text === '' ? undefined : JSON.parse(text);
  if (results === undefined) {
    failed += 1;
    failures.push('The test runner ended without a result');
  } else {
    passed += results.numPassedTests;
    failed +=
      results.numFailedTests +
      results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    const tests = results.testResults.flatMap((file) =>
      file.assertionResults.map((test) => ({ ...test, file: file.name })),
    );
    for (const test of tests.filter(({ status }) => status === 'pending' || status === 'todo')) {
      // Said in its title by describeWith(): no machine of this architecture can have what it needs.
      if (test.fullName.includes(`[not on ${process.arch}: `)) continue;
      skipped += 1;
      console.log(`skipped: ${test.fullName}`);
    }
    for (const test of tests.filter(({ status }) => status === 'failed')) failures.push(test.fullName);
    for (const file of results.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ))
      failures.push(file.name);
  }
}

section(`Done in ${Math.round((Date.now() - started) / 1000)} s`);
for (const failure of failures) console.log(`failed: ${failure}`);
if (inCi && skipped > 0) console.log('In CI nothing may be skipped.');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || (inCi && skipped > 0) ? 1 : 0;
