import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AsnConvert } from '@peculiar/asn1-schema';
import { ExtendedKeyUsage, GeneralName, KeyUsageFlags, Name, OtherName } from '@peculiar/asn1-x509';
import type { CertificateSigner, NameMatch } from '../../src/signature/policy.ts';
import type { Trust } from '../../src/signature/trust.ts';
import { extension, type Profile, utf8String } from '../support/certificates.ts';
import {
  dns,
  email,
  IDENTITY,
  ISSUER,
  keyPair,
  keySigner,
  RELEASE,
  SigstoreStack,
  uri,
} from '../support/sigstore-stack.ts';
import { bundleFile, FILE, findingsOf, keyPolicy, rulesOf, signedBy, trustOf } from './verifying.ts';

let stack: SigstoreStack;
let trust: Trust;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  trust = trustOf(stack);
});
afterAll(() => stack.stop());

const exact = (value: string): NameMatch => ({ kind: 'exact', value });
const pattern = (text: string): NameMatch => ({ kind: 'pattern', pattern: text });
const SPIFFE = 'spiffe://example.org/ns/ci/sa/plugin-signer';
const REPOSITORY = '1.3.6.1.4.1.57264.1.12';
const RUNNER = '1.3.6.1.4.1.57264.1.11';
const otherName = (typeId: string) =>
  new GeneralName({ otherName: new OtherName({ typeId, value: Uint8Array.from(utf8String('x')).buffer }) });

type Case = readonly [
  title: string,
  profile: Partial<Profile>,
  policy: Partial<CertificateSigner>,
  rules: readonly string[],
];

const CASES: readonly Case[] = [
  // identity
  ['the exact identity', {}, {}, []],
  ['another identity', { names: [uri('https://github.com/evil/plugin')] }, {}, ['sig/wrong-identity']],
  ['the identity with something behind it', { names: [uri(`${IDENTITY}-evil`)] }, {}, ['sig/wrong-identity']],
  [
    'the identity with something before it',
    { names: [uri(`https://evil.example/?x=${IDENTITY}`)] },
    {},
    ['sig/wrong-identity'],
  ],
  [
    'the identity in other letters',
    { names: [uri(IDENTITY.replace('example', 'Example'))] },
    {},
    ['sig/wrong-identity'],
  ],
  [
    'an identity whose dots are other letters',
    { names: [uri(IDENTITY.replace('github.com', 'githubxcom'))] },
    {},
    ['sig/wrong-identity'],
  ],
  [
    'a pattern that matches whole',
    {},
    { identity: pattern('https://github\\.com/example/plugin/.*@refs/tags/v[0-9.]+') },
    [],
  ],
  [
    'a pattern that matches the start only',
    {},
    { identity: pattern('https://github\\.com/example/plugin/') },
    ['sig/wrong-identity'],
  ],
  ['a pattern that matches the end only', {}, { identity: pattern('refs/tags/v1\\.2\\.3') }, ['sig/wrong-identity']],
  [
    'an e-mail identity',
    { names: [email('release@example.org')] },
    { identity: exact('release@example.org'), identityType: 'email' },
    [],
  ],
  ["an e-mail with the URI's text", { names: [email(IDENTITY)] }, {}, ['sig/wrong-identity']],
  [
    'a DNS name in place of an e-mail',
    { names: [dns('release@example.org')] },
    { identity: exact('release@example.org'), identityType: 'email' },
    ['sig/wrong-identity'],
  ],
  [
    'a DNS identity',
    { names: [dns('build.example.org')] },
    { identity: exact('build.example.org'), identityType: 'dns' },
    [],
  ],
  ['no name', { names: [] }, {}, ['sig/wrong-identity']],
  [
    'two URIs, the right one first',
    { names: [uri(IDENTITY), uri('https://evil.example')] },
    {},
    ['sig/ambiguous-identity'],
  ],
  [
    'two URIs, the right one last',
    { names: [uri('https://evil.example'), uri(IDENTITY)] },
    {},
    ['sig/ambiguous-identity'],
  ],
  ['a URI and an e-mail', { names: [uri(IDENTITY), email('a@b.c')] }, {}, ['sig/ambiguous-identity']],
  [
    'a URI and an otherName',
    { names: [uri(IDENTITY), otherName('1.3.6.1.4.1.57264.1.7')] },
    {},
    ['sig/ambiguous-identity'],
  ],
  [
    'a URI with a high bit, which ASCII readers drop',
    { names: [uri(`${IDENTITY.slice(0, -1)}\u00b3`)] },
    {},
    ['sig/unfit-certificate', 'sig/wrong-identity'],
  ],
  [
    'a URI with a NUL behind the identity',
    { names: [uri(`${IDENTITY}\0.evil.example`)] },
    {},
    ['sig/unfit-certificate', 'sig/wrong-identity'],
  ],
  [
    'a URI of 3000 characters',
    { names: [uri(`${IDENTITY}${'x'.repeat(3000)}`)] },
    {},
    ['sig/unfit-certificate', 'sig/wrong-identity'],
  ],
  // issuer
  [
    'another issuer',
    { issuer: 'https://evil.example', legacyIssuer: 'https://evil.example' },
    {},
    ['sig/wrong-issuer'],
  ],
  ['an issuer that is longer', { issuer: `${ISSUER}/evil`, legacyIssuer: `${ISSUER}/evil` }, {}, ['sig/wrong-issuer']],
  [
    'an issuer that is shorter',
    { issuer: ISSUER.slice(0, -1), legacyIssuer: ISSUER.slice(0, -1) },
    {},
    ['sig/wrong-issuer'],
  ],
  ['an issuer in the new extension only', { legacyIssuer: undefined }, {}, []],
  ['an issuer in the old extension only', { issuer: undefined }, {}, ['sig/wrong-issuer']],
  ['an issuer in the old extension only, allowed', { issuer: undefined }, { legacyIssuer: true }, []],
  ['two different issuers', { legacyIssuer: 'https://evil.example' }, {}, ['sig/ambiguous-identity']],
  ['no issuer', { issuer: undefined, legacyIssuer: undefined }, {}, ['sig/wrong-issuer']],
  ['no issuer, as the policy says', { issuer: undefined, legacyIssuer: undefined }, { issuer: 'absent' }, []],
  ['an issuer where the policy wants none', {}, { issuer: 'absent' }, ['sig/wrong-issuer']],
  ['an issuer by pattern', {}, { issuer: pattern('https://token\\.actions\\.githubusercontent\\.com(/.*)?') }, []],
  [
    'an issuer extension that is not a UTF8String',
    {
      issuer: undefined,
      legacyIssuer: undefined,
      extensions: [extension('1.3.6.1.4.1.57264.1.8', Buffer.from(ISSUER))],
    },
    {},
    ['sig/unfit-certificate', 'sig/wrong-issuer'],
  ],
  // SPIFFE and claims
  [
    'a SPIFFE identity without issuer',
    { names: [uri(SPIFFE)], issuer: undefined, legacyIssuer: undefined },
    { identity: exact(SPIFFE), issuer: 'absent' },
    [],
  ],
  [
    'another SPIFFE path',
    { names: [uri(`${SPIFFE}2`)], issuer: undefined, legacyIssuer: undefined },
    { identity: exact(SPIFFE), issuer: 'absent' },
    ['sig/wrong-identity'],
  ],
  [
    'the right repository',
    { claims: { [REPOSITORY]: 'https://github.com/example/plugin' } },
    { claims: { sourceRepositoryUri: exact('https://github.com/example/plugin') } },
    [],
  ],
  [
    'another repository',
    { claims: { [REPOSITORY]: 'https://github.com/example/fork' } },
    { claims: { sourceRepositoryUri: exact('https://github.com/example/plugin') } },
    ['sig/wrong-claim'],
  ],
  [
    'no repository',
    {},
    { claims: { sourceRepositoryUri: exact('https://github.com/example/plugin') } },
    ['sig/wrong-claim'],
  ],
  [
    'a self-hosted runner',
    { claims: { [RUNNER]: 'self-hosted' } },
    { claims: { runnerEnvironment: exact('github-hosted') } },
    ['sig/wrong-claim'],
  ],
  // the certificate itself
  ['extended key usage serverAuth', { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }, {}, ['sig/wrong-eku']],
  ['extended key usage any', { extendedKeyUsage: ['2.5.29.37.0'] }, {}, ['sig/wrong-eku']],
  ['no extended key usage', { extendedKeyUsage: [] }, {}, ['sig/wrong-eku']],
  ['code signing among others', { extendedKeyUsage: ['1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.4'] }, {}, []],
  [
    'a CA certificate',
    { ca: true, keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    {},
    ['sig/unfit-certificate'],
  ],
  ['key usage without signatures', { keyUsage: KeyUsageFlags.keyEncipherment }, {}, ['sig/unfit-certificate']],
  [
    'an unknown critical extension',
    { extensions: [extension('1.2.3.4', utf8String('x'), true)] },
    {},
    ['sig/unfit-certificate'],
  ],
  ['an unknown extension that is not critical', { extensions: [extension('1.2.3.4', utf8String('x'))] }, {}, []],
  [
    'two extended key usages',
    { extensions: [extension('2.5.29.37', AsnConvert.serialize(new ExtendedKeyUsage(['1.3.6.1.5.5.7.3.1'])))] },
    {},
    ['sig/unfit-certificate', 'sig/wrong-eku'],
  ],
  [
    'two faults',
    { issuer: 'https://evil.example', legacyIssuer: undefined, names: [uri('https://evil.example/x')] },
    {},
    ['sig/wrong-identity', 'sig/wrong-issuer'],
  ],
  ['a directory name', { names: [new GeneralName({ directoryName: new Name([]) })] }, {}, ['sig/wrong-identity']],
];

describe('a certificate with', () => {
  it.each(CASES)('%s', async (_, profile, policy, rules) => {
    const bundle = await stack.signBlob(FILE, stack.signer({ ...RELEASE, ...profile }));
    expect(await rulesOf(bundleFile(bundle), { trust, policy: signedBy(policy) })).toEqual(rules);
  });

  it('a finding says what was expected, what was found and how to look', async () => {
    const bundle = await stack.signBlob(FILE, stack.signer({ ...RELEASE, names: [uri('https://evil.example/x')] }));
    const [finding] = await findingsOf(bundleFile(bundle), { trust });
    expect(finding?.message).toBe(`Expected the signer uri "${IDENTITY}", found uri "https://evil.example/x".`);
    expect(finding?.details).toContain('b.json | base64 -d | openssl x509 -inform der -noout -text');
  });
});

describe('the digest of the file in an otherName of the certificate', () => {
  const OID = '1.3.6.1.4.1.99999.1.1';
  const digest = createHash('sha256').update(FILE).digest();
  const octets = (bytes: Uint8Array) => Buffer.concat([Buffer.from([4, bytes.length]), bytes]);
  const text = utf8String(`sha256:${digest.toString('hex')}`);
  const named = (value: Uint8Array, typeId = OID) =>
    new GeneralName({ otherName: new OtherName({ typeId, value: Uint8Array.from(value).buffer }) });
  const RULE = 'sig/wrong-certificate-digest';

  const cases: readonly (readonly [string, readonly GeneralName[], readonly string[]])[] = [
    ['as an OCTET STRING', [uri(IDENTITY), named(octets(digest))], []],
    ['as a UTF8String', [uri(IDENTITY), named(text)], []],
    ['before the identity', [named(octets(digest)), uri(IDENTITY)], []],
    ['missing', [uri(IDENTITY)], [RULE]],
    ['twice', [uri(IDENTITY), named(octets(digest)), named(octets(digest))], [RULE]],
    ['once right and once wrong', [uri(IDENTITY), named(octets(digest)), named(octets(Buffer.alloc(32)))], [RULE]],
    ['of another file', [uri(IDENTITY), named(octets(Buffer.alloc(32)))], [RULE]],
    ['one byte short', [uri(IDENTITY), named(octets(digest.subarray(1)))], [RULE]],
    ['one byte long', [uri(IDENTITY), named(octets(Buffer.concat([digest, Buffer.alloc(1)])))], [RULE]],
    ['in capitals', [uri(IDENTITY), named(utf8String(`sha256:${digest.toString('hex').toUpperCase()}`))], [RULE]],
    ['without its prefix', [uri(IDENTITY), named(utf8String(digest.toString('hex')))], [RULE]],
    ['as an IA5String', [uri(IDENTITY), named(Buffer.concat([Buffer.from([0x16]), text.subarray(1)]))], [RULE]],
    ['under another type', [uri(IDENTITY), named(octets(digest), `${OID}.1`)], ['sig/ambiguous-identity', RULE]],
    ['without an identity', [named(octets(digest))], ['sig/wrong-identity']],
  ];
  it.each(cases)('%s', async (_, names, rules) => {
    const bundle = await stack.signBlob(FILE, stack.signer({ ...RELEASE, names }));
    expect(await rulesOf(bundleFile(bundle), { trust, policy: signedBy({ digestOid: OID }) })).toEqual(rules);
  });

  it('with a second value behind it, which the ASN.1 reader drops', async () => {
    const tlv = (tag: number, ...parts: Uint8Array[]) => {
      const body = Buffer.concat(parts);
      return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x81, body.length]), body]);
    };
    const oid = Buffer.from('060a2b06010401868d1f0101', 'hex'); // 1.3.6.1.4.1.99999.1.1
    const san = (...values: Uint8Array[]) =>
      tlv(0x30, tlv(0x86, Buffer.from(IDENTITY)), tlv(0xa0, oid, tlv(0xa0, ...values)));
    const sign = async (names: Uint8Array) => {
      const profile = { ...RELEASE, names: [], extensions: [extension('2.5.29.17', names, true)] };
      return bundleFile(await stack.signBlob(FILE, stack.signer(profile)));
    };
    const policy = signedBy({ digestOid: '1.3.6.1.4.1.99999.1.1' });
    expect(await rulesOf(await sign(san(octets(digest))), { trust, policy })).toEqual([]);
    const two = await sign(san(octets(digest), octets(Buffer.alloc(32))));
    expect(await rulesOf(two, { trust, policy })).toEqual(['sig/unfit-certificate']);
  });

  it('does not stand in for the signature, and is a second name where the policy does not ask for it', async () => {
    const names = [uri(IDENTITY), named(octets(digest))];
    const bundle = await stack.signBlob(FILE, stack.signer({ ...RELEASE, names }));
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/ambiguous-identity']);
    const other = await stack.signBlob(FILE.subarray(1), stack.signer({ ...RELEASE, names }));
    expect(await rulesOf(bundleFile(other), { trust, policy: signedBy({ digestOid: OID }) })).toEqual([
      'sig/digest-mismatch',
    ]);
  });
});

describe('a policy with a key', () => {
  const keys = keyPair();
  const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const ed25519 = generateKeyPairSync('ed25519');
  const edPem = ed25519.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signer = keySigner(keys.privateKey, keys.publicKey);

  it.each([
    ['a bundle by the key with a log entry', 'v1', 'optional', []],
    ['a bundle by the key with a log entry, required', 'v1', 'required', []],
    ['a bundle by the key with a Rekor v2 entry', 'v2', 'required', []],
    ['a bundle by the key alone', 'none', 'optional', []],
    ['a bundle by the key alone where the log is required', 'none', 'required', ['sig/no-log-entry']],
  ] as const)('%s', async (_, log, required, rules) => {
    const bundle = await stack.signBlob(FILE, signer, { log });
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem, { log: required }) })).toEqual(rules);
  });

  it('takes an Ed25519 bundle', async () => {
    const bundle = await stack.signBlob(FILE, keySigner(ed25519.privateKey, ed25519.publicKey, null), { log: 'none' });
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(edPem) })).toEqual([]);
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual(['sig/key-mismatch']);
  });

  it('refuses a bundle by another key', async () => {
    const other = keyPair();
    const bundle = await stack.signBlob(FILE, keySigner(other.privateKey, other.publicKey));
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual(['sig/key-mismatch']);
  });

  it('refuses a bundle by another key under the hint of the right one', async () => {
    const other = keyPair();
    const bundle = await stack.signBlob(FILE, keySigner(other.privateKey, other.publicKey), { log: 'none' });
    bundle.verificationMaterial.publicKey.hint = pem;
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual(['sig/key-mismatch']);
  });

  it('refuses a certificate, however good', async () => {
    const bundle = await stack.signBlob(FILE);
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual(['sig/key-mismatch']);
  });

  it('an identity policy refuses a bare key, however good', async () => {
    const bundle = await stack.signBlob(FILE, signer);
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/wrong-identity']);
  });

  it('refuses a log entry that another key made for the same bytes', async () => {
    const mine = await stack.signBlob(FILE, signer);
    // The same signature bytes under another key's name: the log believes what it is told.
    const other = keyPair();
    const lying = {
      sign: async (data: Buffer) => ({
        signature: sign('sha256', data, keys.privateKey),
        key: {
          $case: 'publicKey' as const,
          publicKey: other.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          hint: '',
        },
      }),
    };
    const theirs = await stack.signBlob(FILE, lying);
    expect(await rulesOf(bundleFile(mine), { trust, policy: keyPolicy(pem) })).toEqual([]);
    expect(await rulesOf(bundleFile(theirs), { trust, policy: keyPolicy(pem) })).toEqual(['sig/log-mismatch']);
  });
});
