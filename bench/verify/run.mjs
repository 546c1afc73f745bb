#!/usr/bin/env node
// What verifying costs: whole processes against `node -e 0`, in turn, medians of the ratios pair by pair; then many files
// in one process with one trusted root.
//   node bench/verify/run.mjs DIRECTORY [--runs 21] [--dist dist]     DIRECTORY: see bench/verify/inputs.ts
// Targets: three times `node -e 0`, and 20 ms for each file. Run it on an idle machine.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '21' }, dist: { type: 'string', default: join(root, 'dist') } },
});
const [directory] = positionals;
if (directory === undefined) throw new Error('usage: node bench/verify/run.mjs DIRECTORY [--runs N] [--dist DIST]');
const runs = Number(values.runs);
const dist = resolve(values.dist);
const at = (name) => join(directory, name);

const IDENTITY = 'https://github.com/example/plugin/.github/workflows/release.yml@refs/tags/v1.2.3';
const ISSUER = 'https://token.actions.githubusercontent.com';
const who = ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', ISSUER];
const trusted = ['--trusted-root', at('trusted_root.json')];
const verdict = ['--summary', '--verifier-id', 'https://example.org/release-gate'];
const verify = [join(dist, 'cli.cjs'), 'verify', at('0.so')];
const commands = {
  'node -e 0': ['-e', '0'],
  'bundle with certificate and log entry': [...verify, ...who, ...trusted],
  'bundle by a key': [...verify, '--bundle', at('0.so.key.json'), '--key', at('key.pub')],
  'verdict with certificate and log entry': [
    ...verify,
    ...verdict,
    '--bundle',
    at('0.so.keyless-vsa.json'),
    ...who,
    ...trusted,
  ],
  'verdict by a key': [...verify, ...verdict, '--key', at('key.pub')],
};

function time(args) {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return elapsed;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let run = -1; run < runs; run += 1) {
  for (const [name, args] of Object.entries(commands)) {
    const elapsed = time(args);
    if (run >= 0) samples[name].push(elapsed);
  }
}
const base = samples['node -e 0'];
console.log(`Node ${process.version}, ${runs} runs, milliseconds wall, median (minimum)`);
for (const [name, list] of Object.entries(samples)) {
  const ratio = median(list.map((value, run) => value / base[run]));
  const least = Math.min(...list) / Math.min(...base);
  console.log(
    `${name.padEnd(40)} ${median(list).toFixed(1).padStart(7)} (${Math.min(...list).toFixed(1)})  ${ratio.toFixed(2)} times node -e 0 (of the minima ${least.toFixed(2)})`,
  );
}

const { parseTrustedRoot, verifyArtifact } = createRequire(import.meta.url)(join(dist, 'parts', 'signature.cjs'));
const files = readdirSync(directory).filter((name) => name.endsWith('.so'));
const policy = {
  signer: {
    kind: 'certificate',
    identity: { kind: 'exact', value: IDENTITY },
    identityType: 'uri',
    issuer: { kind: 'exact', value: ISSUER },
    sct: 'required',
  },
  log: 'required',
};
const start = process.hrtime.bigint();
const cpu = process.cpuUsage();
const trust = parseTrustedRoot(readFileSync(at('trusted_root.json')), 'trusted_root.json');
let slowest = 0;
for (const file of files) {
  const began = process.hrtime.bigint();
  const signature = { form: 'bundle', bytes: readFileSync(at(`${file}.sigstore.json`)), name: file };
  const { findings } = await verifyArtifact({ artifact: readFileSync(at(file)), signature, policy, trust });
  if (findings.length > 0) throw new Error(`${file}: ${findings[0].message}`);
  slowest = Math.max(slowest, Number(process.hrtime.bigint() - began) / 1e6);
}
const each = Number(process.hrtime.bigint() - start) / 1e6 / files.length;
const { user, system } = process.cpuUsage(cpu);
console.log(
  `${files.length} files, one trusted root: ${each.toFixed(2)} ms each (${((user + system) / 1000 / files.length).toFixed(2)} ms of processor), the slowest ${slowest.toFixed(1)} ms`,
);
