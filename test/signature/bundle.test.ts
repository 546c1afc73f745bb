import { createHash, createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { artifactOf } from '../../src/signature/artifact.ts';
import { LIMITS } from '../../src/signature/limits.ts';
import type { Trust } from '../../src/signature/trust.ts';
import type { SignatureFile } from '../../src/signature/verify.ts';
import { type Json, keyPair, keySigner, SigstoreStack, statement } from '../support/sigstore-stack.ts';
import { bundleFile, copy, encode, FILE, keyPolicy, POLICY, rulesOf, trustOf } from './verifying.ts';

let stack: SigstoreStack;
let trust: Trust;
let good: Json;
let both: Json;
let attestation: Json;
beforeAll(async () => {
  stack = await SigstoreStack.start();
  trust = trustOf(stack);
  good = await stack.signBlob(FILE);
  both = await stack.signBlob(FILE, stack.signer(), { timestamp: true });
  attestation = await stack.attest(statement(FILE));
});
afterAll(() => stack.stop());

const raw = (bytes: Uint8Array | string): SignatureFile => ({
  form: 'bundle',
  bytes: Buffer.from(bytes),
  name: 'b.json',
});

/** The bundle in another version of the format; the same proofs. */
function inVersion(bundle: Json, mediaType: string, chain: boolean): Json {
  const changed = copy(bundle);
  changed.mediaType = mediaType;
  const material = changed.verificationMaterial;
  const certificate = material.certificate ?? material.x509CertificateChain.certificates[0];
  delete material.certificate;
  delete material.x509CertificateChain;
  if (chain) material.x509CertificateChain = { certificates: [certificate] };
  else material.certificate = certificate;
  return changed;
}

describe('forms of bundles', () => {
  it.each([
    ['0.1', 'application/vnd.dev.sigstore.bundle+json;version=0.1', true],
    ['0.2', 'application/vnd.dev.sigstore.bundle+json;version=0.2', true],
    ['0.3 as it was first named', 'application/vnd.dev.sigstore.bundle+json;version=0.3', false],
    ['0.3', 'application/vnd.dev.sigstore.bundle.v0.3+json', false],
  ])('version %s is accepted', async (_, mediaType, chain) => {
    expect(await rulesOf(bundleFile(inVersion(good, mediaType, chain)), { trust })).toEqual([]);
  });

  it.each([
    ['0.4', 'application/vnd.dev.sigstore.bundle.v0.4+json'],
    ['0.3 with a tail', 'application/vnd.dev.sigstore.bundle.v0.3+json;x=1'],
    ['nothing', ''],
    ['a number', 3],
    ['a trusted root', 'application/vnd.dev.sigstore.trustedroot+json;version=0.1'],
  ])('%s is unsupported', async (_, mediaType) => {
    expect(await rulesOf(bundleFile({ ...good, mediaType }), { trust })).toEqual(['sig/unsupported']);
  });

  it('a log promise without proof is accepted in 0.1 and refused from 0.2 on', async () => {
    const old = inVersion(good, 'application/vnd.dev.sigstore.bundle+json;version=0.1', true);
    delete old.verificationMaterial.tlogEntries[0].inclusionProof;
    expect(await rulesOf(bundleFile(old), { trust })).toEqual([]);
    old.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
    expect(await rulesOf(bundleFile(old), { trust })).toEqual(['sig/malformed']);
  });

  it('a bundle by a key may leave the digest out, as cosign does for Ed25519', async () => {
    const keys = keyPair();
    const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const messageDigest of [{}, undefined]) {
      const bundle = await stack.signBlob(FILE, keySigner(keys.privateKey, keys.publicKey));
      bundle.messageSignature.messageDigest = messageDigest;
      expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem) })).toEqual([]);
      const other = FILE.subarray(1);
      expect(await rulesOf(bundleFile(bundle), { trust, policy: keyPolicy(pem), file: other })).toEqual([
        'sig/log-mismatch',
      ]);
    }
  });
});

describe('the file', () => {
  it('changed by one bit is refused', async () => {
    const changed = Buffer.from(FILE);
    changed[1000] = (changed[1000] ?? 0) ^ 1;
    expect(await rulesOf(bundleFile(good), { trust, file: changed })).toEqual(['sig/digest-mismatch']);
  });

  it('cut is refused', async () => {
    expect(await rulesOf(bundleFile(good), { trust, file: FILE.subarray(0, -1) })).toEqual(['sig/digest-mismatch']);
  });

  it('changed, with the digest in the bundle changed to fit, is refused', async () => {
    const changed = Buffer.from(FILE);
    changed[1000] = (changed[1000] ?? 0) ^ 1;
    const bundle = copy(good);
    bundle.messageSignature.messageDigest.digest = createHash('sha256').update(changed).digest('base64');
    expect(await rulesOf(bundleFile(bundle), { trust, file: changed })).toEqual(['sig/log-mismatch']);
  });

  it('changed, with log entry and digest left out, is refused', async () => {
    const changed = Buffer.from(FILE);
    changed[1000] = (changed[1000] ?? 0) ^ 1;
    const bundle = await stack.signBlob(FILE, stack.signer(), { log: 'none', timestamp: true });
    delete bundle.messageSignature.messageDigest;
    expect(await rulesOf(bundleFile(bundle), { trust, policy: { ...POLICY, log: 'optional' } })).toEqual([]);
    expect(await rulesOf(bundleFile(bundle), { trust, file: changed, policy: { ...POLICY, log: 'optional' } })).toEqual(
      ['sig/invalid'],
    );
  });

  it('given by its digest cannot be decided, another digest is refused', async () => {
    const digest = `sha256:${artifactOf(FILE).sha256}` as const;
    expect(await rulesOf(bundleFile(good), { trust, file: digest })).toEqual(['sig/needs-file']);
    expect(await rulesOf(bundleFile(good), { trust, file: `sha256:${'0'.repeat(64)}` })).toEqual([
      'sig/digest-mismatch',
    ]);
    const policy = { ...POLICY, predicateTypes: ['https://slsa.dev/provenance/v1'] };
    expect(await rulesOf(bundleFile(attestation), { trust, file: digest, policy })).toEqual([]);
  });

  it.each(['sha256:', `sha256:${'A'.repeat(64)}`, `sha256:${'0'.repeat(63)}`] as const)(
    '%s is no digest',
    async (file) => {
      await expect(rulesOf(bundleFile(good), { trust, file })).rejects.toThrow(
        expect.objectContaining({ name: 'UsageError' }),
      );
    },
  );
});

describe('the signature', () => {
  it.each([
    ['changed', (bytes: Buffer) => bytes.fill(1, 10, 11)],
    ['empty', () => Buffer.alloc(0)],
    ['over another message', () => sign('sha256', Buffer.from('x'), keyPair().privateKey)],
  ])('%s is refused', async (title, change) => {
    const bundle = await stack.signBlob(FILE, stack.signer(), { log: 'none', timestamp: true });
    bundle.messageSignature.signature = change(Buffer.from(bundle.messageSignature.signature, 'base64')).toString(
      'base64',
    );
    const rule = title === 'empty' ? 'sig/malformed' : 'sig/untrusted-time';
    expect(await rulesOf(bundleFile(bundle), { trust, policy: { ...POLICY, log: 'optional' } })).toEqual([rule]);
  });

  it('made by another key than that in the certificate is refused', async () => {
    // The holder of no key takes the signer's certificate and signs with a key of its own, log entry and all.
    const certificate =
      good.verificationMaterial.certificate?.rawBytes ??
      good.verificationMaterial.x509CertificateChain.certificates[0].rawBytes;
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
    const thief = keyPair();
    const key = createPrivateKey(thief.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const signer = {
      sign: async (data: Buffer) => ({
        signature: sign('sha256', data, key),
        key: { $case: 'x509Certificate' as const, certificate: pem },
      }),
    };
    expect(await rulesOf(bundleFile(await stack.signBlob(FILE, signer)), { trust })).toEqual(['sig/invalid']);
  });

  it('with a digest by an algorithm that nobody uses is unsupported', async () => {
    const bundle = copy(good);
    bundle.messageSignature.messageDigest.algorithm = 'SHA3_256';
    expect(await rulesOf(bundleFile(bundle), { trust })).toEqual(['sig/unsupported']);
  });

  it('with a digest by an algorithm that the key does not allow is refused', async () => {
    const bundle = await stack.signBlob(FILE, stack.signer(), { log: 'none', timestamp: true });
    bundle.messageSignature.messageDigest = {
      algorithm: 'SHA2_512',
      digest: createHash('sha512').update(FILE).digest('base64'),
    };
    expect(await rulesOf(bundleFile(bundle), { trust, policy: { ...POLICY, log: 'optional' } })).toEqual([
      'sig/invalid',
    ]);
  });

  it('none at all', async () => {
    expect(await rulesOf({ form: 'none', looked: ['plugin.so.sigstore.json'] }, { trust })).toEqual(['sig/missing']);
  });
});

describe('hostile bundles', () => {
  const entries = (count: number) => {
    const bundle = copy(good);
    const [entry] = bundle.verificationMaterial.tlogEntries;
    bundle.verificationMaterial.tlogEntries = Array.from({ length: count }, () => entry);
    return bundle;
  };
  const certificateOf = (bundle: Json): Json => bundle.verificationMaterial;

  const cases: readonly (readonly [string, string, () => SignatureFile])[] = [
    ['sig/malformed', 'an empty file', () => raw('')],
    ['sig/malformed', 'text', () => raw('hello')],
    ['sig/malformed', 'an array', () => raw('[]')],
    ['sig/malformed', 'a number', () => raw('1')],
    ['sig/malformed', 'null', () => raw('null')],
    ['sig/unsupported', 'an empty object', () => raw('{}')],
    ['sig/malformed', 'bytes that are not UTF-8', () => raw(Uint8Array.of(0xff, 0xfe, 0x7b))],
    ['sig/malformed', 'a PEM file', () => raw('-----BEGIN PUBLIC KEY-----')],
    ['sig/malformed', 'a key given twice', () => raw(JSON.stringify(good).replace('{', '{"mediaType":"x",'))],
    [
      'sig/malformed',
      'a key given twice, once escaped',
      () => raw(JSON.stringify(good).replace('{', '{"media\\u0054ype":"x",')),
    ],
    ['sig/malformed', 'two bundles in one file', () => raw(JSON.stringify(good) + JSON.stringify(good))],
    [
      'sig/malformed',
      'a message and an attestation',
      () => bundleFile({ ...good, dsseEnvelope: attestation.dsseEnvelope }),
    ],
    [
      'sig/malformed',
      'a certificate and a key',
      () => {
        const bundle = copy(good);
        bundle.verificationMaterial.publicKey = { hint: '' };
        return bundleFile(bundle);
      },
    ],
    ['sig/malformed', 'no material', () => bundleFile({ ...good, verificationMaterial: undefined })],
    ['sig/malformed', 'material of another type', () => bundleFile({ ...good, verificationMaterial: 'x' })],
    ['sig/malformed', 'no content', () => bundleFile({ ...good, messageSignature: undefined })],
    [
      'sig/malformed',
      'a certificate that is none',
      () => {
        const bundle = inVersion(good, 'application/vnd.dev.sigstore.bundle.v0.3+json', false);
        certificateOf(bundle).certificate.rawBytes = Buffer.from('not DER').toString('base64');
        return bundleFile(bundle);
      },
    ],
    [
      'sig/malformed',
      'bytes behind the certificate',
      () => {
        const bundle = inVersion(good, 'application/vnd.dev.sigstore.bundle.v0.3+json', false);
        const der = Buffer.from(certificateOf(bundle).certificate.rawBytes, 'base64');
        certificateOf(bundle).certificate.rawBytes = Buffer.concat([der, der]).toString('base64');
        return bundleFile(bundle);
      },
    ],
    [
      'sig/malformed',
      'an empty certificate chain',
      () => {
        const bundle = inVersion(good, 'application/vnd.dev.sigstore.bundle+json;version=0.2', true);
        certificateOf(bundle).x509CertificateChain.certificates = [];
        return bundleFile(bundle);
      },
    ],
    [
      'sig/malformed',
      'a timestamp that is none',
      () => {
        const bundle = copy(both);
        bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp = 'MAA=';
        return bundleFile(bundle);
      },
    ],
    ['sig/malformed', 'the same log entry twice', () => bundleFile(entries(2))],
    ['sig/too-large', '33 log entries', () => bundleFile(entries(33))],
    ['sig/too-large', '10,000 log entries', () => bundleFile(entries(10_000))],
    ['sig/too-large', 'deep nesting', () => raw(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)],
    ['sig/too-large', 'deep arrays that never close', () => raw('['.repeat(5_000_000))],
    ['sig/too-large', 'millions of values', () => raw(`[${'0,'.repeat(4_000_000)}0]`)],
    ['sig/too-large', '100 MB', () => ({ form: 'bundle', bytes: new Uint8Array(100 * 1024 * 1024), name: 'b.json' })],
    [
      'sig/too-large',
      'a long inclusion proof',
      () => {
        const bundle = copy(good);
        bundle.verificationMaterial.tlogEntries[0].inclusionProof.hashes = Array.from({ length: 65 }, () => 'AAAA');
        return bundleFile(bundle);
      },
    ],
    [
      'sig/too-large',
      'a long checkpoint',
      () => {
        const bundle = copy(good);
        bundle.verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope = '\u2014 a '.repeat(10_000);
        return bundleFile(bundle);
      },
    ],
    [
      'sig/too-large',
      'a long certificate',
      () => {
        const bundle = inVersion(good, 'application/vnd.dev.sigstore.bundle.v0.3+json', false);
        certificateOf(bundle).certificate.rawBytes = Buffer.alloc(LIMITS.derBytes * 2).toString('base64');
        return bundleFile(bundle);
      },
    ],
    [
      'sig/too-large',
      '33 timestamps',
      () => {
        const bundle = copy(both);
        const [stamp] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
        bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps = Array.from(
          { length: 33 },
          () => stamp,
        );
        return bundleFile(bundle);
      },
    ],
  ];
  it.each(cases)('%s: %s', async (rule, _, make) => {
    expect(await rulesOf(make(), { trust })).toEqual([rule]);
  });

  it('a bundle cut anywhere is malformed', async () => {
    const whole = encode(both);
    for (let length = 0; length < whole.length; length += 37) {
      expect(await rulesOf(raw(whole.subarray(0, length)), { trust })).toEqual(['sig/malformed']);
    }
  });

  it('with any one member taken out or replaced it never verifies more than before, and never throws', async () => {
    const accepted: string[] = [];
    const refused = new Set<string>();
    const paths = (value: Json, path: readonly string[] = []): string[][] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.keys(value).flatMap((name) => [[...path, name], ...paths(value[name], [...path, name])]);
    for (const path of paths(both)) {
      for (const replacement of [undefined, null, 0, 'AAAA', [], {}, -1, '9'.repeat(400)]) {
        const bundle = copy(both);
        const holder = path.slice(0, -1).reduce((value: Json, name) => value[name], bundle);
        const last = path.at(-1) ?? '';
        if (replacement === undefined) delete holder[last];
        else holder[last] = replacement;
        const rules = await rulesOf(bundleFile(bundle), { trust });
        if (rules.length === 0) accepted.push(`${path.join('.')} = ${JSON.stringify(replacement)?.slice(0, 20)}`);
        for (const rule of rules) refused.add(rule);
      }
    }
    // What may change without harm: hints, and one of two proofs of time.
    expect(
      accepted
        .map((each) => each.replace(/ = .*/, ''))
        .filter((each, index, all) => all.indexOf(each) === index)
        .sort(),
    ).toMatchInlineSnapshot(`
[
  "messageSignature.messageDigest",
  "verificationMaterial.timestampVerificationData",
  "verificationMaterial.timestampVerificationData.rfc3161Timestamps",
  "verificationMaterial.tlogEntries.0.inclusionPromise",
  "verificationMaterial.tlogEntries.0.inclusionProof.rootHash",
  "verificationMaterial.tlogEntries.0.inclusionProof.treeSize",
]
`);
    expect([...refused].sort()).toMatchInlineSnapshot(`
[
  "sig/certificate-expired",
  "sig/digest-mismatch",
  "sig/log-mismatch",
  "sig/malformed",
  "sig/no-log-entry",
  "sig/too-large",
  "sig/unsupported",
  "sig/untrusted-log",
  "sig/untrusted-root",
  "sig/untrusted-time",
]
`);
  });
});
