import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { artifactOf } from '../../src/signature/artifact.ts';
import type { SignatureFile } from '../../src/signature/verify.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { FILE, findingsOf, keyPolicy, POLICY, rulesOf } from './verifying.ts';

const detached = (bytes: Uint8Array): SignatureFile => ({ form: 'detached', bytes, name: 'plugin.so.sig' });

describeWith(['openssl'], 'signatures that OpenSSL made', () => {
  const directory = workspace();
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  writeFileSync(at('file'), FILE);

  /** A key pair under a name, and its public half in PEM. */
  function key(name: string, ...options: string[]): string {
    openssl('genpkey', ...options, '-out', at(`${name}.pem`));
    openssl('pkey', '-in', at(`${name}.pem`), '-pubout', '-out', at(`${name}.pub`));
    return readFileSync(at(`${name}.pub`), 'utf8');
  }
  function sign(name: string, hash: string): Buffer {
    openssl('dgst', `-${hash}`, '-sign', at(`${name}.pem`), '-out', at(`${name}.sig`), at('file'));
    return readFileSync(at(`${name}.sig`));
  }
  function signRaw(name: string): Buffer {
    openssl('pkeyutl', '-sign', '-rawin', '-inkey', at(`${name}.pem`), '-in', at('file'), '-out', at(`${name}.sig`));
    return readFileSync(at(`${name}.sig`));
  }
  const curve = (name: string) => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`];
  const rsa = (bits: number) => ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`];

  const p256 = key('p256', ...curve('P-256'));
  const p384 = key('p384', ...curve('P-384'));
  const p521 = key('p521', ...curve('P-521'));
  const ed25519 = key('ed25519', '-algorithm', 'ED25519');
  const rsa2048 = key('rsa2048', ...rsa(2048));
  const other = key('other', ...curve('P-256'));
  const signature = sign('p256', 'sha256');

  it.each([
    ['ECDSA P-256 with SHA-256', p256, signature],
    ['ECDSA P-256 in base64', p256, Buffer.from(signature.toString('base64'))],
    ['ECDSA P-256 in base64 with a line end', p256, Buffer.from(`${signature.toString('base64')}\n`)],
    ['ECDSA P-384 with SHA-384', p384, sign('p384', 'sha384')],
    ['ECDSA P-384 with SHA-256', p384, sign('p384', 'sha256')],
    ['ECDSA P-521 with SHA-512', p521, sign('p521', 'sha512')],
    ['Ed25519', ed25519, signRaw('ed25519')],
    ['RSA 2048 with SHA-256', rsa2048, sign('rsa2048', 'sha256')],
    ['RSA 2048 with SHA-512', rsa2048, sign('rsa2048', 'sha512')],
  ])('%s verifies', async (_, pem, bytes) => {
    expect(await rulesOf(detached(bytes), { policy: keyPolicy(pem) })).toEqual([]);
  });

  const changed = Buffer.from(FILE);
  changed[100] = (changed[100] ?? 0) ^ 1;
  const flipped = Buffer.from(signature);
  flipped[20] = (flipped[20] ?? 0) ^ 1;

  it.each([
    ['another key', signature, other, FILE],
    ['a key of another type', signature, rsa2048, FILE],
    ['a changed file', signature, p256, changed],
    ['a cut file', signature, p256, FILE.subarray(0, -1)],
    ['a changed signature', flipped, p256, FILE],
    ['a cut signature', signature.subarray(0, -1), p256, FILE],
    ['a hash that the curve does not allow', sign('p256', 'sha512'), p256, FILE],
    ['a weak hash', sign('rsa2048', 'sha1'), rsa2048, FILE],
    ['a signature in IEEE P1363 form', Buffer.alloc(64, 1), p256, FILE],
  ])('%s is refused: sig/key-mismatch', async (_, bytes, pem, file) => {
    expect(await rulesOf(detached(bytes), { policy: keyPolicy(pem), file })).toEqual(['sig/key-mismatch']);
  });

  it('the finding names key and file', async () => {
    const [finding] = await findingsOf(detached(signature), { policy: keyPolicy(other) });
    openssl('pkey', '-pubin', '-in', at('other.pub'), '-outform', 'der', '-out', at('der'));
    const fingerprint = openssl('dgst', '-sha256', at('der')).toString().trim().split(' ').at(-1);
    expect(finding?.message).toContain(`sha256:${fingerprint}`);
    expect(finding?.details).toContain(artifactOf(FILE).sha256);
  });

  it.each([
    ['sig/malformed', 'an empty signature', new Uint8Array(), keyPolicy(p256)],
    ['sig/too-large', 'a huge signature', new Uint8Array(20_000), keyPolicy(p256)],
    ['sig/no-log-entry', 'a policy that requires the log', signature, keyPolicy(p256, { log: 'required' })],
    ['sig/no-attestation', 'a policy for an attestation', signature, keyPolicy(p256, { predicateTypes: ['t'] })],
    ['sig/unsupported', 'a policy that names an identity', signature, POLICY],
  ])('%s: %s', async (rule, _, bytes, policy) => {
    expect(await rulesOf(detached(bytes), { policy })).toEqual([rule]);
  });

  it('a digest alone cannot decide', async () => {
    const file = `sha256:${artifactOf(FILE).sha256}` as const;
    const findings = await findingsOf(detached(signature), { policy: keyPolicy(p256), file });
    expect(findings).toMatchObject([{ rule: 'sig/needs-file', severity: 'undecided' }]);
  });

  const secp256k1 = key('k1', ...curve('secp256k1'));
  const rsa1024 = key('rsa1024', ...rsa(1024));
  const pss = key('pss', '-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048');
  openssl('req', '-x509', '-key', at('p256.pem'), '-subj', '/CN=x', '-out', at('p256.crt'));
  it.each([
    ['a private key', readFileSync(at('p256.pem'), 'utf8'), 'private key'],
    ['a certificate', readFileSync(at('p256.crt'), 'utf8'), 'CERTIFICATE'],
    ['two keys', p256 + other, '2 PEM blocks'],
    ['a public key behind a private one', p256 + readFileSync(at('p256.pem'), 'utf8'), 'private key'],
    ['no key', 'hello', 'not a public key'],
    ['a cut key', p256.replace(/\n.*\n-----END/, '\n-----END'), 'not a readable'],
    ['an unusual curve', secp256k1, 'secp256k1'],
    ['a short RSA key', rsa1024, '1024 bits'],
    ['an RSA-PSS key', pss, 'rsa-pss'],
  ])('%s as the policy key is a usage error', async (_, pem, why) => {
    await expect(rulesOf(detached(signature), { policy: keyPolicy(pem) })).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });
});
