import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseTrustedRoot } from '../../src/signature/trust.ts';
import type { SignatureFile } from '../../src/signature/verify.ts';
import { type Json, PREDICATE } from '../support/sigstore-stack.ts';
import { bundleFile, copy, keyPolicy, POLICY, rulesOf } from './verifying.ts';

// Made by cosign 3.1.3: test/fixtures/signature/make.ts
const read = (name: string) => readFileSync(new URL(`../fixtures/signature/${name}`, import.meta.url));
const file = read('plugin.so');
const trust = parseTrustedRoot(read('trusted_root.json'), 'trusted_root.json');
const bundle = (name: string): SignatureFile => ({ form: 'bundle', bytes: read(name), name });
const detached = (name: string): SignatureFile => ({ form: 'detached', bytes: read(name), name });
const KEYS = ['p256', 'p384', 'ed25519', 'rsa'];
const changed = Buffer.from(file);
changed[7] = (changed[7] ?? 0) ^ 1;

describe.each(KEYS)('what cosign signed with a key: %s', (name) => {
  const policy = keyPolicy(read(`${name}.pub`).toString());
  const [other = ''] = KEYS.filter((each) => each !== name);
  const otherPolicy = keyPolicy(read(`${other}.pub`).toString());

  it('the bundle verifies', async () => {
    expect(await rulesOf(bundle(`${name}.sigstore.json`), { policy, file })).toEqual([]);
  });

  it('the signature in a file of its own verifies', async () => {
    expect(await rulesOf(detached(`${name}.sig`), { policy, file })).toEqual([]);
  });

  it('neither verifies with another key, or for another file', async () => {
    const digest = name === 'ed25519' ? 'sig/key-mismatch' : 'sig/digest-mismatch';
    expect(await rulesOf(bundle(`${name}.sigstore.json`), { policy: otherPolicy, file })).toEqual(['sig/key-mismatch']);
    expect(await rulesOf(bundle(`${name}.sigstore.json`), { policy, file: changed })).toEqual([digest]);
    expect(await rulesOf(detached(`${name}.sig`), { policy: otherPolicy, file })).toEqual(['sig/key-mismatch']);
    expect(await rulesOf(detached(`${name}.sig`), { policy, file: changed })).toEqual(['sig/key-mismatch']);
  });
});

describe('what cosign signed with a certificate and a log entry', () => {
  it('the bundle verifies, long after the certificate ended', async () => {
    expect(await rulesOf(bundle('certificate.sigstore.json'), { trust, file })).toEqual([]);
    expect(await rulesOf(bundle('certificate.sigstore.json'), { trust, file: changed })).toEqual([
      'sig/digest-mismatch',
    ]);
    expect(await rulesOf(bundle('certificate.sigstore.json'), { file })).toEqual(['sig/untrusted-root']);
  });

  it('the attestation verifies', async () => {
    const policy = { ...POLICY, predicateTypes: [PREDICATE] };
    expect(await rulesOf(bundle('attestation.sigstore.json'), { trust, file, policy })).toEqual([]);
    expect(await rulesOf(bundle('attestation.sigstore.json'), { trust, file: changed, policy })).toEqual([
      'sig/wrong-subject',
    ]);
  });
});

describe('what cosign 1 and 2 wrote', () => {
  const key = keyPolicy(read('p256.pub').toString());
  const legacy: Json = JSON.parse(read('certificate.legacy.json').toString());
  const withCertificate = (change: (bundle: Json) => unknown): SignatureFile => {
    const bundle = copy(legacy);
    change(bundle);
    return bundleFile(bundle);
  };

  it('verifies with a certificate and its log entry', async () => {
    expect(await rulesOf(bundle('certificate.legacy.json'), { trust, file })).toEqual([]);
    expect(await rulesOf(bundle('certificate.legacy.json'), { trust, file: changed })).toEqual(['sig/log-mismatch']);
    expect(await rulesOf(bundle('certificate.legacy.json'), { trust, file, policy: key })).toEqual([
      'sig/key-mismatch',
    ]);
  });

  it('verifies with a key and its log entry', async () => {
    const policy = { ...key, log: 'required' } as const;
    expect(await rulesOf(bundle('p256.legacy.json'), { trust, file, policy })).toEqual([]);
    expect(await rulesOf(bundle('p256.legacy.json'), { trust, file })).toEqual(['sig/wrong-identity']);
  });

  it.each([
    ['sig/log-mismatch', 'another signature', (each: Json) => (each.base64Signature = 'MAYCAQECAQE=')],
    ['sig/no-log-entry', 'no log entry', (each: Json) => delete each.rekorBundle],
    ['sig/wrong-identity', 'no certificate', (each: Json) => delete each.cert],
    ['sig/malformed', 'a certificate that is none', (each: Json) => (each.cert = 'AAAA')],
    [
      'sig/malformed',
      'two certificates',
      (each: Json) =>
        (each.cert = Buffer.from(Buffer.from(each.cert, 'base64').toString().repeat(2)).toString('base64')),
    ],
    ['sig/untrusted-log', 'another time', (each: Json) => (each.rekorBundle.Payload.integratedTime += 1)],
    ['sig/untrusted-log', 'another promise', (each: Json) => (each.rekorBundle.SignedEntryTimestamp = 'AAAA')],
    ['sig/malformed', 'another log id', (each: Json) => (each.rekorBundle.Payload.logID = 'xyz')],
    ['sig/malformed', 'a body that is none', (each: Json) => (each.rekorBundle.Payload.body = 'AAAA')],
    ['sig/malformed', 'an empty log entry', (each: Json) => (each.rekorBundle = {})],
  ])('%s: %s', async (rule, _, change) => {
    const rules = await rulesOf(withCertificate(change), { trust, file });
    expect(rules).toContain(rule);
  });
});
