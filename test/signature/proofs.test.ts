import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseTrustedRoot, publicGoodRoot, type Trust } from '../../src/signature/trust.ts';
import { Authority } from '../support/certificates.ts';
import { type Json, keyPair, keySigner, type Proofs, RELEASE, SigstoreStack } from '../support/sigstore-stack.ts';
import {
  bundleFile,
  copy,
  encode,
  FILE,
  findingsOf,
  keyPolicy,
  POLICY,
  rulesOf,
  signedBy,
  trustOf,
} from './verifying.ts';

const DAY = 864e5;
let stack: SigstoreStack;
let stranger: SigstoreStack;
/** Certificates of yesterday, log and timestamps of today. */
let late: SigstoreStack;
let trust: Trust;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  stranger = await SigstoreStack.start();
  late = await SigstoreStack.start({ authority: new Date(Math.floor((Date.now() - DAY) / 1000) * 1000) });
  trust = trustOf(stack);
});
afterAll(() => Promise.all([stack, stranger, late].map((each) => each.stop())));

/** The stack's trusted root with parts of another one, or without them. */
const mixed = (change: Readonly<Record<string, unknown>>): Trust =>
  parseTrustedRoot(encode({ ...stack.trustedRoot, ...change }), 'mixed.json');
const optional = { ...POLICY, log: 'optional' } as const;
const sign = (proofs: Proofs = {}) => stack.signBlob(FILE, stack.signer(), proofs);

describe('the proofs in a bundle', () => {
  it.each([
    ['a Rekor v1 entry', { log: 'v1' }, 'required', []],
    ['a Rekor v1 entry and a timestamp', { log: 'v1', timestamp: true }, 'required', []],
    ['a Rekor v2 entry and a timestamp', { log: 'v2', timestamp: true }, 'required', []],
    ['a Rekor v2 entry alone: it proves no time', { log: 'v2' }, 'required', ['sig/no-time']],
    ['a timestamp alone', { log: 'none', timestamp: true }, 'required', ['sig/no-log-entry']],
    ['a timestamp alone, no log asked for', { log: 'none', timestamp: true }, 'optional', []],
    ['nothing', { log: 'none' }, 'required', ['sig/no-log-entry', 'sig/no-time']],
    ['nothing, no log asked for', { log: 'none' }, 'optional', ['sig/no-time']],
  ] as const)('%s', async (_, proofs, log, rules) => {
    expect(await rulesOf(bundleFile(await sign(proofs)), { trust, policy: { ...POLICY, log } })).toEqual(rules);
  });
});

describe('the trusted root', () => {
  it('of another instance is refused', async () => {
    expect(await rulesOf(bundleFile(await sign()), { trust: trustOf(stranger) })).toEqual(['sig/untrusted-root']);
  });

  it('built in (public good) is refused for a private instance', async () => {
    const findings = await findingsOf(bundleFile(await sign()), {});
    expect(findings.map(({ rule }) => rule)).toEqual(['sig/untrusted-root']);
    expect(findings[0]?.message).toContain('built in');
  });

  it.each([
    ['another log', 'tlogs', {}, ['sig/untrusted-log']],
    ['another certificate log', 'ctlogs', {}, ['sig/no-sct']],
    ['another certificate authority', 'certificateAuthorities', {}, ['sig/untrusted-root']],
    ['another timestamp authority', 'timestampAuthorities', { timestamp: true }, ['sig/untrusted-time']],
  ] as const)('with %s is refused', async (_, part, proofs, rules) => {
    const changed = mixed({ [part]: stranger.trustedRoot[part] });
    expect(await rulesOf(bundleFile(await sign(proofs)), { trust: changed })).toEqual(rules);
  });

  it.each([
    ['no log', 'tlogs', ['sig/untrusted-log']],
    ['no certificate log', 'ctlogs', ['sig/no-sct']],
    ['no certificate authority', 'certificateAuthorities', ['sig/untrusted-root']],
  ] as const)('with %s is refused', async (_, part, rules) => {
    expect(await rulesOf(bundleFile(await sign()), { trust: mixed({ [part]: [] }) })).toEqual(rules);
  });

  it('with both an old and a new authority finds the right one', async () => {
    const authorities = [...stranger.trustedRoot.certificateAuthorities, ...stack.trustedRoot.certificateAuthorities];
    expect(await rulesOf(bundleFile(await sign()), { trust: mixed({ certificateAuthorities: authorities }) })).toEqual(
      [],
    );
  });

  it.each([
    ['tlogs', (root: Json) => root.tlogs[0].publicKey, 'sig/untrusted-log'],
    ['ctlogs', (root: Json) => root.ctlogs[0].publicKey, 'sig/no-sct'],
    ['certificateAuthorities', (root: Json) => root.certificateAuthorities[0], 'sig/untrusted-root'],
    ['timestampAuthorities', (root: Json) => root.timestampAuthorities[0], 'sig/untrusted-time'],
  ] as const)('%s whose time of trust is over, or has not come, are refused', async (_, part, rule) => {
    const bundle = bundleFile(await sign({ timestamp: true }));
    for (const validFor of [
      { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' },
      { start: new Date(Date.now() + DAY).toISOString() },
    ]) {
      const root = copy(stack.trustedRoot);
      part(root).validFor = validFor;
      expect(await rulesOf(bundle, { trust: parseTrustedRoot(encode(root), 'root.json') })).toEqual([rule]);
    }
  });

  const broken: readonly (readonly [string, (root: Json) => unknown, string])[] = [
    ['a log without start of validity', (root) => delete root.tlogs[0].publicKey.validFor.start, 'validFor.start'],
    ['a log without validity', (root) => delete root.tlogs[0].publicKey.validFor, 'validFor.start'],
    ['a certificate log without start', (root) => delete root.ctlogs[0].publicKey.validFor.start, 'validFor.start'],
    ['an authority without start', (root) => delete root.certificateAuthorities[0].validFor.start, 'validFor.start'],
    ['a timestamp authority without start', (root) => delete root.timestampAuthorities[0].validFor, 'validFor.start'],
    ['another media type', (root) => (root.mediaType = 'application/json'), 'not a sigstore trusted root'],
    ['no media type', (root) => delete root.mediaType, 'missing'],
    ['a key that is none', (root) => (root.tlogs[0].publicKey.rawBytes = 'AAAA'), 'cannot be used'],
    [
      'a certificate that is none',
      (root) => (root.certificateAuthorities[0].certChain.certificates[0].rawBytes = 'AAAA'),
      'cannot be used',
    ],
    ['a log without key', (root) => delete root.tlogs[0].publicKey, 'validFor.start'],
  ];
  it.each(broken)('with %s is a usage error', (_, change, why) => {
    const root = copy(stack.trustedRoot);
    change(root);
    expect(() => parseTrustedRoot(encode(root), 'root.json')).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it.each(['', 'text', '[]', '{"mediaType":1,"mediaType":2}'])('that is %j is a usage error', (text) => {
    expect(() => parseTrustedRoot(Buffer.from(text), 'root.json')).toThrow(
      expect.objectContaining({ name: 'UsageError' }),
    );
  });

  it('built in is read, and knows logs, authorities and its digest', () => {
    const root = publicGoodRoot();
    expect([...root.logs.values()]).toContain('https://rekor.sigstore.dev');
    expect(root.authorities.length).toBeGreaterThan(1);
    expect(root.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

describe('time', () => {
  it('a log entry after the certificate ended is refused, with both times', async () => {
    const findings = await findingsOf(bundleFile(await late.signBlob(FILE)), { trust: trustOf(late) });
    expect(findings.map(({ rule }) => rule)).toEqual(['sig/certificate-expired']);
    expect(findings[0]?.message).toMatch(/between \S+Z and \S+Z, found \S+Z \(log\)/);
  });

  it('a timestamp after the certificate ended is refused', async () => {
    const bundle = await late.signBlob(FILE, late.signer(), { log: 'none', timestamp: true });
    expect(await rulesOf(bundleFile(bundle), { trust: trustOf(late), policy: optional })).toEqual([
      'sig/certificate-expired',
    ]);
  });

  it('a certificate that ended long ago is accepted when its time is proven', async () => {
    const then = new Date(Math.floor((Date.now() - 100 * DAY) / 1000) * 1000);
    const old = await SigstoreStack.start({ authority: then, log: then, timestamp: then });
    try {
      expect(await rulesOf(bundleFile(await old.signBlob(FILE)), { trust: trustOf(old) })).toEqual([]);
    } finally {
      await old.stop();
    }
  });

  it('one good time does not make up for a bad one', async () => {
    const bundle = await sign();
    const stamped = await late.signBlob(FILE, late.signer(), { timestamp: true });
    bundle.verificationMaterial.timestampVerificationData = stamped.verificationMaterial.timestampVerificationData;
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/untrusted-time']);
  });
});

describe('the certificate log', () => {
  const without = { ...RELEASE, withoutSct: true };
  it('is required', async () => {
    expect(await rulesOf(bundleFile(await stack.signBlob(FILE, stack.signer(without))), { trust })).toEqual([
      'sig/no-sct',
    ]);
  });

  it("can be waived with a trusted root of one's own", async () => {
    const bundle = bundleFile(await stack.signBlob(FILE, stack.signer(without)));
    expect(await rulesOf(bundle, { trust, policy: signedBy({ sct: 'waived' }) })).toEqual([]);
  });

  it('cannot be waived with the public-good root', async () => {
    const asked = rulesOf(bundleFile(await sign()), { policy: signedBy({ sct: 'waived' }) });
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'UsageError' }));
  });
});

describe('the log entry', () => {
  it('of another signature by the same signer is refused', async () => {
    const signer = stack.signer();
    const [mine, theirs] = [await stack.signBlob(FILE, signer), await stack.signBlob(FILE, signer)];
    mine.verificationMaterial.tlogEntries = theirs.verificationMaterial.tlogEntries;
    expect(await rulesOf(bundleFile(mine), { trust })).toEqual(['sig/log-mismatch']);
  });

  it('with another certificate for the same key is refused', async () => {
    // The authority gives the thief of a key a second certificate; the log knows only the first.
    const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const bundle = await stack.signBlob(FILE, keySigner(key.privateKey, key.publicKey));
    const certificate = await stack.authority.issue(key.publicKey, { ...RELEASE, withoutSct: true });
    delete bundle.verificationMaterial.publicKey;
    bundle.verificationMaterial.x509CertificateChain = { certificates: [{ rawBytes: certificate.toString('base64') }] };
    const policy = signedBy({ sct: 'waived' });
    expect(await rulesOf(bundleFile(bundle), { trust, policy })).toEqual(['sig/log-mismatch']);
  });

  it.each([
    ['index', (entry: Json) => (entry.logIndex = '1')],
    ['time', (entry: Json) => (entry.integratedTime = String(Number(entry.integratedTime) + 1))],
    ['promise', (entry: Json) => (entry.inclusionPromise.signedEntryTimestamp = 'AAAA')],
    [
      'checkpoint',
      (entry: Json) =>
        (entry.inclusionProof.checkpoint.envelope = entry.inclusionProof.checkpoint.envelope.replace('\n1\n', '\n2\n')),
    ],
    ['proof', (entry: Json) => (entry.inclusionProof.hashes = [Buffer.alloc(32).toString('base64')])],
    ['log id', (entry: Json) => (entry.logId.keyId = Buffer.alloc(32).toString('base64'))],
  ])('with another %s is refused', async (_, change) => {
    const bundle = await sign();
    change(bundle.verificationMaterial.tlogEntries[0]);
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/untrusted-log']);
  });

  it('of a key in a log that the trusted root does not know is refused', async () => {
    const keys = keyPair();
    const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const bundle = await stranger.signBlob(FILE, keySigner(keys.privateKey, keys.publicKey));
    expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual(['sig/untrusted-log']);
  });

  it('without promise and proof is refused', async () => {
    const bundle = await sign({ timestamp: true });
    bundle.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
    delete bundle.verificationMaterial.tlogEntries[0].inclusionPromise;
    delete bundle.verificationMaterial.tlogEntries[0].inclusionProof;
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/malformed']);
  });
});

describe('an authority with the same name and another key', () => {
  it('is not the trusted one', async () => {
    const impostor = new Authority('sigstore test authority', keyPair());
    const key = keyPair();
    const certificate = await impostor.issue(key.publicKey, { ...RELEASE, withoutSct: true });
    const bundle = await stack.signBlob(FILE, keySigner(key.privateKey, key.publicKey));
    delete bundle.verificationMaterial.publicKey;
    bundle.verificationMaterial.x509CertificateChain = {
      // Its own root beside it must not help.
      certificates: [certificate, impostor.certificate].map((der) => ({ rawBytes: der.toString('base64') })),
    };
    expect(await rulesOf(bundleFile(bundle), { trust, policy: signedBy({ sct: 'waived' }) })).toEqual([
      'sig/untrusted-root',
    ]);
  });
});
