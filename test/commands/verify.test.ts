import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { ExitCode } from '../../src/commands/command.ts';
import { type VerifyOptions, verify } from '../../src/commands/verify.ts';
import { verifyJsonSchema } from '../../src/report/verify-schema.ts';
import {
  IDENTITY,
  ISSUER,
  keyPair,
  keySigner,
  PREDICATE,
  SigstoreStack,
  sha256,
  statement,
} from '../support/sigstore-stack.ts';
import { workspace } from '../support/workspace.ts';

const directory = workspace();
const at = (name: string) => join(directory, name);
const bytes = Buffer.from('\x7fELF and more');
const keys = keyPair();
const published: unknown = JSON.parse(readFileSync(new URL('../../schema/verify.v1.json', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
const conforms = ajv.compile(Object(published));

let stack: SigstoreStack;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  const files: Readonly<Record<string, unknown>> = {
    'trusted_root.json': stack.trustedRoot,
    'plugin.so.sigstore.json': await stack.signBlob(bytes),
    'attested.json': await stack.attest(statement(bytes)),
    'key.json': await stack.signBlob(bytes, keySigner(keys.privateKey, keys.publicKey)),
  };
  for (const [name, value] of Object.entries(files)) writeFileSync(at(name), JSON.stringify(value));
  writeFileSync(at('plugin.so'), bytes);
  writeFileSync(at('other.so'), 'another');
  writeFileSync(at('unsigned.so'), bytes);
  writeFileSync(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  mkdirSync(at('directory'));
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('plugin.so', at('link.so'));
});
afterAll(() => stack.stop());

const WHO: VerifyOptions = { certificateIdentity: IDENTITY, certificateOidcIssuer: ISSUER };
const full = (): VerifyOptions => ({
  ...WHO,
  bundle: at('plugin.so.sigstore.json'),
  trustedRoot: at('trusted_root.json'),
});

async function run(file: string, options: VerifyOptions): Promise<{ code: ExitCode; out: string }> {
  let out = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: () => {},
    colour: false,
    interactive: false,
    width: 100,
  };
  const code = await verify(file, options, terminal);
  return { code, out };
}

describe('plugin-gate verify', () => {
  it('exits 0 and shows who signed, when, and in which log', async () => {
    const { code, out } = await run(at('plugin.so'), full());
    expect(code).toBe(0);
    expect(out).toContain('✓ verified');
    expect(out).toContain(`sha256:${sha256(bytes)}`);
    expect(out).toContain(`uri ${IDENTITY}`);
    expect(out).toContain(ISSUER);
    expect(out).toMatch(/time +\d{4}-\d\d-\d\dT\S+Z \(log\)/);
    expect(out).toMatch(/log +http:\/\/127\.0\.0\.1:\d+, entry \d+ \(hashedrekord 0\.0\.1\)/);
    expect(out).toMatch(/trust +\S+trusted_root\.json, sha256:/);
  });

  it('finds the bundle beside the file', async () => {
    const { bundle: _, ...beside } = full();
    expect((await run(at('plugin.so'), beside)).code).toBe(0);
  });

  it('exits 1 with the reason, and marks what is only claimed', async () => {
    const { code, out } = await run(at('other.so'), full());
    expect(code).toBe(1);
    expect(out).toContain('✗ refused');
    expect(out).toContain('sig/digest-mismatch');
    expect(out).toContain('none of it is proven');
  });

  it('exits 1 without any signature, whether one was named or not', async () => {
    for (const options of [WHO, { ...WHO, bundle: at('none.json') }]) {
      const { code, out } = await run(at('unsigned.so'), options);
      expect(code).toBe(1);
      expect(out).toContain('sig/missing');
    }
  });

  it('verifies an attestation by the digest of its subject, and is undecided for a signature of a file', async () => {
    const digest = `sha256:${sha256(bytes)}`;
    const attested = { ...full(), bundle: at('attested.json'), predicateType: [PREDICATE] };
    expect((await run(digest, attested)).code).toBe(0);
    const { code, out } = await run(digest, full());
    expect(code).toBe(3);
    expect(out).toContain('sig/needs-file');
  });

  it('takes a key', async () => {
    const options = { key: at('key.pub'), bundle: at('key.json'), trustedRoot: at('trusted_root.json') };
    const { code, out } = await run(at('plugin.so'), options);
    expect(code).toBe(0);
    expect(out).toMatch(/key +ECDSA P-256 sha256:[0-9a-f]{64}/);
    expect((await run(at('plugin.so'), { ...options, requireTlog: true })).code).toBe(0);
    expect((await run(at('other.so'), options)).code).toBe(1);
  });

  it.each(['text', 'json'] as const)('lets no control characters through in %s', async (format) => {
    const { code, out } = await run(at('plugin.so'), { ...full(), certificateIdentity: 'a\x1b[31mb', format });
    expect(code).toBe(1);
    expect(out).not.toContain('\x1b');
  });
});

describe('--format json', () => {
  const cases: readonly (readonly [string, string, () => VerifyOptions])[] = [
    ['verified', 'plugin.so', full],
    ['refused', 'other.so', full],
    ['refused', 'unsigned.so', () => WHO],
    ['verified', 'plugin.so', () => ({ ...full(), bundle: at('attested.json'), predicateType: [PREDICATE] })],
    ['refused', 'plugin.so', () => ({ ...full(), bundle: at('plugin.so') })],
    [
      'verified',
      'plugin.so',
      () => ({ key: at('key.pub'), bundle: at('key.json'), trustedRoot: at('trusted_root.json') }),
    ],
  ];
  it.each(cases)('%s %s conforms to the published schema', async (verdict, file, options) => {
    const { out } = await run(at(file), { ...options(), format: 'json' });
    const result: unknown = JSON.parse(out);
    expect(result).toMatchObject({ schema: 'plugin-gate/verify/v1', verdict });
    expect(conforms(result) ? [] : conforms.errors).toEqual([]);
  });

  it('the published schema is the one in the code', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(verifyJsonSchema())));
  });
});

describe('wrong usage', () => {
  const cases: readonly (readonly [string, string, () => VerifyOptions, string])[] = [
    ['nobody named', 'plugin.so', () => ({}), 'There is no default'],
    ['no issuer', 'plugin.so', () => ({ certificateIdentity: IDENTITY }), '--certificate-oidc-issuer is missing'],
    ['no identity', 'plugin.so', () => ({ certificateOidcIssuer: ISSUER }), '--certificate-identity is missing'],
    ['an empty identity', 'plugin.so', () => ({ ...full(), certificateIdentity: '' }), 'identity is empty'],
    ['an empty issuer', 'plugin.so', () => ({ ...full(), certificateOidcIssuer: '' }), 'issuer is empty'],
    ['identity and pattern', 'plugin.so', () => ({ ...full(), certificateIdentityRegexp: 'x' }), 'not both'],
    [
      'a pattern for anybody',
      'plugin.so',
      () => ({ ...full(), certificateIdentity: undefined, certificateIdentityRegexp: '.*' }),
      'anybody',
    ],
    ['an unknown type of identity', 'plugin.so', () => ({ ...full(), certificateIdentityType: 'ip' }), 'not "ip"'],
    ['key and identity', 'plugin.so', () => ({ ...WHO, key: at('key.pub') }), 'does not go with --key'],
    ['bundle and signature', 'plugin.so', () => ({ ...full(), key: undefined, signature: at('x') }), 'not both'],
    ['a signature without key', 'plugin.so', () => ({ ...WHO, signature: at('x') }), '--signature needs --key'],
    ['a key that is not there', 'plugin.so', () => ({ key: at('none.pub') }), 'there is no file'],
    ['a key that is none', 'plugin.so', () => ({ key: at('plugin.so') }), 'not a public key'],
    [
      'a trusted root that is not there',
      'plugin.so',
      () => ({ ...full(), trustedRoot: at('none') }),
      'there is no file',
    ],
    [
      'a trusted root that is none',
      'plugin.so',
      () => ({ ...full(), trustedRoot: at('plugin.so.sigstore.json') }),
      'not a sigstore trusted root',
    ],
    ['a file that is not there', 'none.so', full, 'there is no file'],
    ['a directory', 'directory', full, 'is a directory'],
    ['a pipe', 'pipe', full, 'not a regular file'],
    ['a pipe as the bundle', 'plugin.so', () => ({ ...full(), bundle: at('pipe') }), 'not a regular file'],
    [
      'no certificate log with the public-good root',
      'plugin.so',
      () => ({ ...full(), trustedRoot: undefined, insecureIgnoreSct: true }),
      'waived only',
    ],
    [
      'two wishes about the log',
      'plugin.so',
      () => ({ ...full(), requireTlog: true, insecureIgnoreTlog: true }),
      'contradict',
    ],
    ['an empty predicate type', 'plugin.so', () => ({ ...full(), predicateType: [''] }), 'predicate type is empty'],
  ];
  it.each(cases)('%s', async (_, file, options, why) => {
    await expect(run(at(file), options())).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it('a digest without a named bundle, or a broken digest', async () => {
    await expect(run(`sha256:${'0'.repeat(64)}`, WHO)).rejects.toThrow('name the signature');
    await expect(run('sha256:0', full())).rejects.toThrow('is not a digest');
  });
});
