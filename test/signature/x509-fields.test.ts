import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  OtherName,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { element, oidOf } from '../../src/signature/asn1.ts';
import { generalNames } from '../../src/signature/general-name.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, x509Fields } from '../../src/signature/x509-fields.ts';
import { Authority, extension } from '../support/certificates.ts';
import { dns, email, type Json, keyPair, uri } from '../support/sigstore-stack.ts';

// The oracle is @peculiar/asn1-x509, a general reader of certificates, and node's own.

const authority = new Authority('test', keyPair());
const { publicKey } = keyPair();
const issue = async (change: Parameters<Authority['issue']>[1]) => await authority.issue(publicKey, change);

const fixture = (path: string): Json =>
  JSON.parse(readFileSync(new URL(`../fixtures/signature/${path}`, import.meta.url), 'utf8'));
const certificateIn = (bundle: Json): Buffer => {
  const { certificate, x509CertificateChain: chain } = bundle.verificationMaterial;
  return Buffer.from((certificate ?? chain.certificates[0]).rawBytes, 'base64');
};

const SAMPLES: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
  ['a certificate by cosign', () => certificateIn(fixture('certificate.sigstore.json'))],
  [
    'one of the public instance, of a workflow',
    () => certificateIn(fixture('public-good/sigstore-js-2.0.0-provenance.sigstore.json')),
  ],
  [
    'one of the public instance, of a person',
    () => certificateIn(fixture('public-good/oci-attestation.sigstore.json')),
  ],
  ['an authority', () => authority.certificate],
  ['one name', () => issue({ names: [uri('spiffe://example.org/release')], issuer: 'https://issuer.example' })],
  [
    'names of every plain kind',
    () => issue({ names: [email('a@b.example'), dns('b.example'), uri('https://c.example')] }),
  ],
  ['no extension at all that can be left out', () => issue({ names: [], extendedKeyUsage: [] })],
  [
    'dates after 2050',
    () =>
      issue({
        names: [uri('x:y')],
        notBefore: new Date('2049-12-31T23:59:59Z'),
        notAfter: new Date('2051-01-01T00:00:00Z'),
      }),
  ],
  [
    'many usages',
    () =>
      issue({
        names: [uri('x:y')],
        keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.decipherOnly,
        extendedKeyUsage: ['1.3.6.1.5.5.7.3.3', '2.5.29.37.0', '2.999.3'],
      }),
  ],
  [
    'a critical extension nobody knows',
    () =>
      issue({ names: [uri('x:y')], extensions: [extension('1.2.840.113549.1.9.16.99', Buffer.from([5, 0]), true)] }),
  ],
];

/** What both readers say, in one form. */
function oracle(der: Uint8Array) {
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
  const { notBefore, notAfter } = tbsCertificate.validity;
  return {
    extensions: (tbsCertificate.extensions ?? []).map(({ extnID, critical, extnValue }) => ({
      oid: extnID,
      critical,
      value: Buffer.from(extnValue.buffer).toString('hex'),
    })),
    notBefore: notBefore.getTime().toISOString(),
    notAfter: notAfter.getTime().toISOString(),
    signatureAlgorithm: signatureAlgorithm.algorithm,
  };
}

function ours(der: Uint8Array) {
  const fields = x509Fields(der);
  return {
    ...fields,
    extensions: fields.extensions.map(({ value, ...rest }) => ({ ...rest, value: Buffer.from(value).toString('hex') })),
    notBefore: fields.notBefore.toISOString(),
    notAfter: fields.notAfter.toISOString(),
  };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

describe.each(SAMPLES)('%s', (_, make) => {
  it('is read as others read it', async () => {
    const der = await make();
    expect(ours(der)).toEqual(oracle(der));
    const node = new X509Certificate(der);
    expect(ours(der).notAfter).toBe(new Date(node.validTo).toISOString());
    for (const { oid, value } of x509Fields(der).extensions) {
      switch (oid) {
        case '2.5.29.15':
          expect(keyUsage(value)).toBe(AsnConvert.parse(value, KeyUsage).toNumber());
          break;
        case '2.5.29.37':
          expect(extendedKeyUsage(value)).toEqual([...AsnConvert.parse(value, ExtendedKeyUsage)]);
          break;
        case '2.5.29.19': {
          const { cA, pathLenConstraint } = AsnConvert.parse(value, BasicConstraints);
          expect(basicConstraints(value)).toEqual({
            ca: cA,
            ...(pathLenConstraint === undefined ? {} : { pathLength: pathLenConstraint }),
          });
          break;
        }
        case '2.5.29.17': {
          const names = [...AsnConvert.parse(value, SubjectAlternativeName)];
          expect(generalNames(value).map(({ name }) => name.value)).toEqual(
            names.map((one) => one.uniformResourceIdentifier ?? one.rfc822Name ?? one.dNSName),
          );
        }
      }
    }
  });

  it('never reads as anything else when a byte is changed, or when it is cut', async () => {
    const der = await make();
    for (let at = 0; at < der.length; at += 5) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const mine = attempt(() => ours(changed));
      // What both can read they read alike; the other reader takes more, this one nothing that is not DER.
      const other = mine && attempt(() => oracle(changed));
      if (mine !== undefined && other !== undefined) expect(mine).toEqual(other);
      expect(attempt(() => x509Fields(der.subarray(0, at)))).toBeUndefined();
    }
    expect(attempt(() => x509Fields(Buffer.concat([der, Buffer.from([0])])))).toBeUndefined();
  });
});

describe('names', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  it('of other types come with the DER of their value', () => {
    const other = new OtherName({ typeId: '1.3.6.1.4.1.99999.1', value: Uint8Array.from([0x04, 2, 7, 8]).buffer });
    const value = new Uint8Array(
      AsnConvert.serialize(new SubjectAlternativeName([new GeneralName({ otherName: other })])),
    );
    expect(generalNames(value)).toEqual([
      {
        name: { type: 'other-name', value: '1.3.6.1.4.1.99999.1' },
        other: { oid: '1.3.6.1.4.1.99999.1', value: new Uint8Array([0x04, 2, 7, 8]) },
      },
    ]);
  });

  it.each([
    ['addresses', '30 06 87 04 7f 00 00 01', { type: 'ip', value: '127.0.0.1' }],
    [
      'long addresses',
      `30 12 87 10 ${'20 01 0d b8'}${' 00'.repeat(11)} 01`,
      { type: 'ip', value: '2001:0db8:0000:0000:0000:0000:0000:0001' },
    ],
    ['registered identifiers', '30 05 88 03 2a 03 04', { type: 'registered-id', value: '1.2.3.4' }],
    ['directory names', '30 04 a4 02 30 00', { type: 'directory', value: '(directory name)' }],
    ['bytes beyond ASCII', '30 03 86 01 e9', { type: 'uri', value: '\u00e9' }],
  ])('can be %s', (_, bytes, name) => {
    expect(generalNames(hex(bytes))).toEqual([{ name }]);
  });

  it.each([
    ['in one', '30 0b a0 09 06 01 2a a0 04 05 00 05 00'],
    ['behind the other', '30 0d a0 0b 06 01 2a a0 02 05 00 a0 02 05 00'],
  ])('of other types with two values are marked: %s', (_, bytes) => {
    expect(generalNames(hex(bytes))).toMatchObject([{ more: true, other: { oid: '1.2' } }]);
  });

  it.each([
    ['an otherName without a value', '30 05 a0 03 06 01 2a'],
    ['an otherName with nothing in its value', '30 07 a0 05 06 01 2a a0 00'],
    ['an unknown tag', '30 03 89 01 61'],
    ['a constructed text', '30 05 a6 03 16 01 61'],
    ['something behind', '30 03 86 01 61 00'],
    ['a length that is longer than it needs to be', '30 04 86 81 01 61'],
    ['an indefinite length', '30 80 86 01 61 00 00'],
    ['another type', '31 03 86 01 61'],
  ])('are refused with %s', (_, bytes) => {
    expect(() => generalNames(hex(bytes))).toThrow(Error);
  });
});

describe('DER', () => {
  it.each([
    ['nothing', ''],
    ['two', '05 00 05 00'],
    ['a tag of many octets', '1f 81 01 00'],
    ['a huge length', '04 84 ff ff ff ff'],
    ['a length that ends', '04 82 01'],
    ['a padded length', '04 82 00 80'],
  ])('of one element is not %s', (_, bytes) => {
    expect(() => element(Buffer.from(bytes.replaceAll(' ', ''), 'hex'))).toThrow(Error);
  });

  it('has lengths up to what a certificate can have', () => {
    const long = Buffer.concat([Buffer.from([0x04, 0x82, 0x01, 0x00]), Buffer.alloc(256)]);
    expect(element(long).value.length).toBe(256);
  });

  it.each([
    ['80 01', undefined],
    ['2a 80 01', undefined],
    ['2a 81', undefined],
    ['', undefined],
    ['88 37 03', '2.999.3'],
    ['2b 06 01 04 01 83 bf 30 01 08', '1.3.6.1.4.1.57264.1.8'],
  ])('has object identifiers: %s is %s', (bytes, oid) => {
    const value = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
    const item = () => element(Buffer.concat([Buffer.from([6, value.length]), value]));
    expect(attempt(() => oidOf(item()))).toBe(oid);
  });
});
