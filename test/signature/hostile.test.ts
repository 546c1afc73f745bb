import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { artifactOf } from '../../src/signature/artifact.ts';
import { readBundle } from '../../src/signature/bundle.ts';
import { verifyProgram } from '../support/verify-program.ts';
import { workspace } from '../support/workspace.ts';

// Bundles that want to cost something. Each runs in a process of its own, which tells what it used.
const directory = workspace();
const run = verifyProgram(directory);
const fixture = (name: string) => readFileSync(new URL(`../fixtures/signature/${name}`, import.meta.url));
const plugin = new URL('../fixtures/signature/plugin.so', import.meta.url).pathname;
const trustedRoot = new URL('../fixtures/signature/trusted_root.json', import.meta.url).pathname;
const good = fixture('certificate.sigstore.json').toString();
const WHO = {
  certificateIdentity: 'https://github.com/example/plugin/.github/workflows/release.yml@refs/tags/v1.2.3',
  certificateOidcIssuer: 'https://token.actions.githubusercontent.com',
  trustedRoot,
  format: 'json',
};
const MEGABYTE = 1024 * 1024;

function bundleWith(entries: number): string {
  const bundle = JSON.parse(good);
  const [entry] = bundle.verificationMaterial.tlogEntries;
  bundle.verificationMaterial.tlogEntries = Array.from({ length: entries }, () => entry);
  return JSON.stringify(bundle);
}

const CASES: readonly (readonly [string, () => string | Buffer | number, string])[] = [
  ['100 MB of zeros', () => 100 * MEGABYTE, 'sig/too-large'],
  ['100 MB of JSON', () => Buffer.from(`{"a":"${'x'.repeat(100 * MEGABYTE)}"}`), 'sig/too-large'],
  ['16 MB of numbers', () => `[${'1,'.repeat(8 * MEGABYTE - 8)}1]`, 'sig/too-large'],
  ['16 MB in one text', () => `{"mediaType":"${'x'.repeat(16 * MEGABYTE - 100)}"}`, 'sig/unsupported'],
  [
    '16 MB of keys',
    () => `{${Array.from({ length: 600_000 }, (_, index) => `"key${index}":1`).join(',')}}`,
    'sig/too-large',
  ],
  ['16 MB of lines', () => '{"a":1}\n'.repeat(2 * MEGABYTE - 100), 'sig/too-large'],
  ['10,000 log entries', () => bundleWith(10_000), 'sig/too-large'],
  ['33 log entries', () => bundleWith(33), 'sig/too-large'],
  ['the same log entry twice', () => bundleWith(2), 'sig/malformed'],
  ['nesting, 8 million deep', () => '['.repeat(8 * MEGABYTE), 'sig/too-large'],
  ['objects, a million deep', () => '{"a":'.repeat(MEGABYTE), 'sig/too-large'],
  [
    'a key twice',
    () => good.replace('{', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",'),
    'sig/malformed',
  ],
  ['a key twice, once with an escape', () => good.replace('{', '{"mediaTyp\\u0065":"x",'), 'sig/malformed'],
];

it.each(CASES)('%s is refused, in little memory', (_, make, rule) => {
  const path = join(directory, 'hostile.json');
  const content = make();
  if (typeof content === 'number') {
    const file = openSync(path, 'w');
    ftruncateSync(file, content);
    closeSync(file);
  } else writeFileSync(path, content);
  const { status, out, memory } = run(plugin, { ...WHO, bundle: path });
  expect(status).toBe(1);
  expect(JSON.parse(out).findings.map((each: { rule: string }) => each.rule)).toEqual([rule]);
  // A plain start of node takes 45 MB of it.
  expect(memory).toBeLessThan(200 * MEGABYTE);
});

it('a bundle that is cut anywhere is no bundle', () => {
  const artifact = artifactOf(readFileSync(plugin));
  const compact = Buffer.from(JSON.stringify(JSON.parse(good)));
  const read = Array.from({ length: compact.length - 1 }, (_, end) => readBundle(compact.subarray(0, end), artifact));
  expect(read.filter(({ ok }) => ok)).toEqual([]);
  expect(readBundle(compact, artifact).ok).toBe(true);
});

it('a bundle with any one byte changed verifies only where the byte is a copy of what is signed elsewhere', async () => {
  const compact = Buffer.from(JSON.stringify(JSON.parse(good)));
  const { verifyArtifact } = await import('../../src/signature/verify.ts');
  const { parseTrustedRoot } = await import('../../src/signature/trust.ts');
  const { POLICY } = await import('./verifying.ts');
  const trust = parseTrustedRoot(readFileSync(trustedRoot), 'trusted_root.json');
  const artifact = readFileSync(plugin);
  const accepted = new Set<string>();
  for (let at = 0; at < compact.length; at += 23) {
    const changed = Buffer.from(compact);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const signature = { form: 'bundle', bytes: changed, name: 'b.json' } as const;
    const { findings } = await verifyArtifact({ artifact, signature, policy: POLICY, trust });
    const before = compact.subarray(0, at + 1).toString();
    if (findings.length === 0) accepted.add([...before.matchAll(/"([a-zA-Z0-9]+)":/g)].at(-1)?.[1] ?? '');
  }
  // The root of the tree counts as it stands in the signed checkpoint; its copy beside it is not used.
  expect([...accepted].sort()).toEqual(['inclusionProof', 'rootHash']);
});
