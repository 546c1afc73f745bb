import './tools.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { type VerifyModeOptions, verifyAsAsked } from '../../src/commands/verify-mode.ts';
import { gate } from '../gate/project.ts';
import { describeWith } from '../support/needs.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';
import { SIGNED, signingProject, VERIFIER } from '../verdict/signing-project.ts';
import { cosignIn, opensslKey } from './tools.ts';

const root = workspace();
const at = (name: string) => join(root, name);
const cosign = cosignIn(root);
const SUMMARY = 'https://slsa.dev/verification_summary/v1';
const TEST_RESULT = 'https://in-toto.io/attestation/test-result/v0.1';

const KEYS: readonly (readonly [string, string, ...string[]])[] = [
  ['p256', 'EC', 'ec_paramgen_curve:P-256'],
  ['p384', 'EC', 'ec_paramgen_curve:P-384'],
  ['ed25519', 'ED25519'],
  ['rsa', 'RSA', 'rsa_keygen_bits:2048'],
];

async function verify(file: string, options: VerifyModeOptions): Promise<{ code: number; out: string }> {
  const terminal = recordingTerminal();
  const code = await verifyAsAsked(file, { offline: true, ...options }, terminal);
  return { code, out: terminal.written.out };
}

describeWith(['cosign', 'openssl', 'cc'], 'cosign with a key', () => {
  beforeAll(async () => {
    writeFileSync(at('offline.json'), '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}');
    writeFileSync(at('plugin.so'), '\x7fELF what cosign signs');
    writeFileSync(at('other.so'), '\x7fELF another');
    for (const [name, algorithm, ...options] of KEYS) {
      opensslKey(root, name, algorithm, ...options);
      await cosign('import-key-pair', '--yes', '--key', at(`${name}.pem`), '--output-key-prefix', at(`c-${name}`));
    }
    opensslKey(root, 'stranger', 'EC', 'ec_paramgen_curve:P-256');
  });

  const signing = (name: string, bundle: string) => [
    '--yes',
    ...['--key', at(`c-${name}.key`), '--signing-config', at('offline.json'), '--bundle', at(bundle)],
  ];

  it.each(KEYS.map(([name]) => name))('what it signs with %s we verify, and nothing else', async (name) => {
    expect(await cosign('sign-blob', ...signing(name, `${name}.blob.json`), at('plugin.so'))).toMatchObject({
      ok: true,
    });
    const asked = { key: at(`${name}.pub`), bundle: at(`${name}.blob.json`) };
    expect(await verify(at('plugin.so'), asked)).toMatchObject({ code: 0 });
    expect(await verify(at('other.so'), asked)).toMatchObject({ code: 1 });
    const stranger = await verify(at('plugin.so'), { ...asked, key: at('stranger.pub') });
    expect([stranger.code, stranger.out]).toEqual([1, expect.stringContaining('sig/key-mismatch')]);
  });

  it('signs statements with Ed25519 in a form that it does not verify itself (Ed25519ph), nor do we', async () => {
    writeFileSync(at('empty.json'), '{}');
    const attested = await cosign(
      ...['attest-blob', ...signing('ed25519', 'ph.json')],
      ...['--predicate', at('empty.json'), '--type', SUMMARY, at('plugin.so')],
    );
    expect(attested).toMatchObject({ ok: true });
    const own = ['verify-blob-attestation', '--key', at('ed25519.pub'), '--bundle', at('ph.json'), '--type', SUMMARY];
    expect(await cosign(...own, '--insecure-ignore-tlog', at('plugin.so'))).toMatchObject({ ok: false });
    const asked = { key: at('ed25519.pub'), bundle: at('ph.json'), predicateType: [SUMMARY] };
    expect(await verify(at('plugin.so'), asked)).toMatchObject({ code: 1 });
  });

  it.each(['p256', 'p384', 'rsa'])('a verdict that it signs with %s we check', async (name) => {
    const predicate = {
      verifier: { id: VERIFIER },
      timeVerified: new Date().toISOString(),
      resourceUri: 'pkg:generic/plugin',
      policy: { uri: 'policy' },
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_3'],
    };
    writeFileSync(at('predicate.json'), JSON.stringify(predicate));
    const attested = await cosign(
      ...['attest-blob', ...signing(name, `${name}.vsa.json`)],
      ...['--predicate', at('predicate.json'), '--type', SUMMARY, at('plugin.so')],
    );
    expect(attested).toMatchObject({ ok: true });
    const asked: VerifyModeOptions = {
      summary: true,
      key: at(`${name}.pub`),
      bundle: at(`${name}.vsa.json`),
      verifierId: VERIFIER,
      verifiedLevel: ['SLSA_BUILD_LEVEL_3'],
      maxAge: '1h',
    };
    expect(await verify(at('plugin.so'), asked)).toMatchObject({ code: 0 });
    const other = await verify(at('other.so'), asked);
    expect([other.code, other.out]).toEqual([1, expect.stringContaining('sig/wrong-subject')]);
    const strict = await verify(at('plugin.so'), { ...asked, verifiedLevel: ['PLUGIN_GATE_LOADED'] });
    expect([strict.code, strict.out]).toEqual([1, expect.stringContaining('verdict/level-missing')]);
  });

  it.each(KEYS.map(([name]) => name))('verifies what the gate signs with %s, and nothing else', async (name) => {
    const directory = signingProject(root, '', SIGNED.replace('environment: GATE_KEY', `file: "${at(`${name}.pem`)}"`));
    expect((await gate(directory)).report.verdict).toBe('pass');
    const artifact = join(directory, 'p.so');
    const check = (bundle: string, type: string, file = artifact, key = name) =>
      cosign(
        ...['verify-blob-attestation', '--key', at(`${key}.pub`), '--bundle', join(directory, bundle)],
        ...['--type', type, '--insecure-ignore-tlog', file],
      );
    expect(await check('p.so.vsa.sigstore.json', SUMMARY)).toMatchObject({
      ok: true,
      said: expect.stringContaining('Verified OK'),
    });
    expect(await check('p.so.test-result.sigstore.json', TEST_RESULT)).toMatchObject({ ok: true });
    expect(await check('p.so.vsa.sigstore.json', TEST_RESULT)).toMatchObject({ ok: false });
    expect(await check('p.so.vsa.sigstore.json', SUMMARY, at('other.so'))).toMatchObject({ ok: false });
    expect(await check('p.so.vsa.sigstore.json', SUMMARY, artifact, 'stranger')).toMatchObject({ ok: false });
    const text = readFileSync(join(directory, 'p.so.vsa.sigstore.json'), 'utf8');
    const bundle = JSON.parse(text);
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString().replace('"1.2"', '"1.1"');
    bundle.dsseEnvelope.payload = Buffer.from(payload).toString('base64');
    writeFileSync(join(directory, 'forged.json'), JSON.stringify(bundle));
    expect(await check('forged.json', SUMMARY)).toMatchObject({ ok: false });
  });
});
