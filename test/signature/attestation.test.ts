import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Trust } from '../../src/signature/trust.ts';
import { IN_TOTO, type Json, PREDICATE, SigstoreStack, sha256, statement, uri } from '../support/sigstore-stack.ts';
import { bundleFile, copy, FILE, POLICY, rulesOf, trustOf } from './verifying.ts';

let stack: SigstoreStack;
let trust: Trust;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  trust = trustOf(stack);
});
afterAll(() => stack.stop());

const policy = { ...POLICY, predicateTypes: [PREDICATE] };
const hex = sha256(FILE);
const other = 'f'.repeat(64);
const sha512 = createHash('sha512').update(FILE).digest('hex');

describe('an attestation', () => {
  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['about the file', statement(FILE), []],
    ['in the older statement version', statement(FILE, { _type: 'https://in-toto.io/Statement/v0.1' }), []],
    [
      'about several files, one of them this',
      statement(FILE, {
        subject: [
          { name: 'a', digest: { sha256: other } },
          { name: 'b', digest: { sha256: hex } },
        ],
      }),
      [],
    ],
    [
      'with a second digest that fits',
      statement(FILE, { subject: [{ name: 'a', digest: { sha256: hex, sha512 } }] }),
      [],
    ],
    [
      'with a second digest that does not fit',
      statement(FILE, { subject: [{ name: 'a', digest: { sha256: hex, sha512: other } }] }),
      ['sig/wrong-subject'],
    ],
    [
      'about another file',
      statement(FILE, { subject: [{ name: 'plugin.so', digest: { sha256: other } }] }),
      ['sig/wrong-subject'],
    ],
    [
      'about several other files',
      statement(FILE, { subject: Array.from({ length: 5 }, () => ({ name: 'x', digest: { sha256: other } })) }),
      ['sig/wrong-subject'],
    ],
    [
      'with the digest in capitals',
      statement(FILE, { subject: [{ name: 'plugin.so', digest: { sha256: hex.toUpperCase() } }] }),
      ['sig/wrong-subject'],
    ],
    [
      'with the start of the digest',
      statement(FILE, { subject: [{ name: 'plugin.so', digest: { sha256: hex.slice(0, 63) } }] }),
      ['sig/wrong-subject'],
    ],
    [
      'with sha1 only',
      statement(FILE, {
        subject: [{ name: 'plugin.so', digest: { sha1: createHash('sha1').update(FILE).digest('hex') } }],
      }),
      ['sig/wrong-subject'],
    ],
    [
      'with the digest under another algorithm',
      statement(FILE, { subject: [{ name: 'plugin.so', digest: { gitCommit: hex } }] }),
      ['sig/wrong-subject'],
    ],
    ['with the digest as the name', statement(FILE, { subject: [{ name: hex }] }), ['sig/wrong-subject']],
    ['without subjects', statement(FILE, { subject: [] }), ['sig/wrong-subject']],
    [
      'with a subject that is no list',
      statement(FILE, { subject: { digest: { sha256: hex } } }),
      ['sig/wrong-subject'],
    ],
    ['with null subjects', statement(FILE, { subject: [null, 1, 'x', []] }), ['sig/wrong-subject']],
    [
      'of another predicate type',
      statement(FILE, { predicateType: 'https://spdx.dev/Document' }),
      ['sig/wrong-predicate'],
    ],
    [
      'of a predicate type that is longer',
      statement(FILE, { predicateType: `${PREDICATE}.evil` }),
      ['sig/wrong-predicate'],
    ],
    ['without predicate type', statement(FILE, { predicateType: undefined }), ['sig/wrong-predicate']],
    ['with a list of predicate types', statement(FILE, { predicateType: [PREDICATE] }), ['sig/wrong-predicate']],
    [
      'of another statement type',
      statement(FILE, { _type: 'https://in-toto.io/Statement/v2' }),
      ['sig/wrong-payload-type'],
    ],
    ['without statement type', statement(FILE, { _type: undefined }), ['sig/wrong-payload-type']],
    ['that is a list', [statement(FILE)], ['sig/wrong-payload-type']],
    ['that is text', 'hello', ['sig/malformed']],
    [
      'with a key twice',
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${other}"}}],"subject":[{"digest":{"sha256":"${hex}"}}],"predicateType":"${PREDICATE}"}`,
      ['sig/malformed'],
    ],
    ['nested too deep', `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`, ['sig/too-large']],
    [
      'wrong in two ways',
      statement(FILE, { predicateType: 'x', subject: [] }),
      ['sig/wrong-predicate', 'sig/wrong-subject'],
    ],
  ];
  it.each(cases)('%s', async (_, payload, rules) => {
    expect(await rulesOf(bundleFile(await stack.attest(payload)), { trust, policy })).toEqual(rules);
  });

  it.each([
    ['dsse entry of Rekor v1', {}],
    ['intoto entry of Rekor v1', { entry: 'intoto' }],
    ['dsse entry of Rekor v2 and a timestamp', { log: 'v2', timestamp: true }],
  ] as const)('with a %s is accepted', async (_, proofs) => {
    expect(
      await rulesOf(bundleFile(await stack.attest(statement(FILE), stack.signer(), proofs)), { trust, policy }),
    ).toEqual([]);
  });

  it.each([
    'text/plain',
    '',
    `${IN_TOTO} `,
    'application/vnd.in-toto+json; charset=utf-8',
    'application/vnd.dsse.envelope.v1+json',
  ])('with the payload type "%s" is refused', async (type) => {
    const bundle = await stack.attest(statement(FILE), stack.signer(), { type });
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/wrong-payload-type']);
  });

  it('with the payload type changed after signing is refused', async () => {
    const bundle = await stack.attest(statement(FILE), stack.signer(), { type: 'text/plain' });
    bundle.dsseEnvelope.payloadType = IN_TOTO;
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/invalid']);
  });

  it('with the payload changed after signing is refused', async () => {
    const bundle = await stack.attest(statement(FILE, { predicateType: 'x' }));
    bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement(FILE))).toString('base64');
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/log-mismatch']);
  });

  it.each([0, 2])('with %d signatures is refused', async (count) => {
    const bundle = await stack.attest(statement(FILE));
    const [signature] = bundle.dsseEnvelope.signatures;
    bundle.dsseEnvelope.signatures = Array.from({ length: count }, () => signature);
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/malformed']);
  });

  it('with the log entry of another attestation is refused', async () => {
    const signer = stack.signer();
    const mine = await stack.attest(statement(FILE), signer);
    const theirs = await stack.attest(statement(FILE), signer);
    const mixed: Json = copy(mine);
    mixed.verificationMaterial.tlogEntries = theirs.verificationMaterial.tlogEntries;
    expect(await rulesOf(bundleFile(mixed), { trust, policy })).toEqual(['sig/log-mismatch']);
  });

  it('by another signer is refused, whatever it says', async () => {
    const bundle = await stack.attest(
      statement(FILE),
      stack.signer({ names: [uri('https://evil.example')], issuer: 'https://evil.example' }),
    );
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/wrong-identity', 'sig/wrong-issuer']);
  });
});

describe('what the policy asks for', () => {
  it('a signature of the file: an attestation is refused until its predicate type is named', async () => {
    expect(await rulesOf(bundleFile(await stack.attest(statement(FILE))), { trust })).toEqual([
      'sig/policy-incomplete',
    ]);
  });

  it('an attestation: a signature of the file is refused', async () => {
    expect(await rulesOf(bundleFile(await stack.signBlob(FILE)), { trust, policy })).toEqual(['sig/no-attestation']);
  });

  it('one of several predicate types', async () => {
    const several = { ...POLICY, predicateTypes: ['https://example.org/other', PREDICATE] };
    expect(await rulesOf(bundleFile(await stack.attest(statement(FILE))), { trust, policy: several })).toEqual([]);
  });
});
