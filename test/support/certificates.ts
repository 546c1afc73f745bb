import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  type GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from '@peculiar/asn1-x509';

/** A certificate as a test wants it, also one that no real authority would issue. */
export interface Profile {
  readonly names: readonly GeneralName[];
  /** OIDs; code signing when absent, no extension when empty. */
  readonly extendedKeyUsage?: readonly string[];
  readonly issuer?: string;
  readonly legacyIssuer?: string;
  /** UTF8String extensions by OID. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ca?: boolean;
  readonly keyUsage?: number;
  /** More extensions as they are. */
  readonly extensions?: readonly Extension[];
  /** Leaves the certificate log's promise out. */
  readonly withoutSct?: boolean;
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** A DER UTF8String. */
export function utf8String(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = bytes.length < 128 ? [0x0c, bytes.length] : [0x0c, 0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}

export function extension(oid: string, value: ArrayBuffer | Uint8Array, critical = false): Extension {
  return new Extension({ extnID: oid, critical, extnValue: new OctetString(value) });
}

function commonName(text: string): Name {
  return new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: '2.5.4.3', value: new AttributeValue({ utf8String: text }) }),
    ]),
  ]);
}

function extensionsOf(profile: Profile): Extension[] {
  const {
    names,
    extendedKeyUsage = [CODE_SIGNING],
    issuer,
    legacyIssuer,
    claims = {},
    ca = false,
    keyUsage = ca ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature,
  } = profile;
  const list = [extension('2.5.29.15', AsnConvert.serialize(new KeyUsage(keyUsage)), true)];
  if (extendedKeyUsage.length > 0) {
    list.push(extension('2.5.29.37', AsnConvert.serialize(new ExtendedKeyUsage([...extendedKeyUsage]))));
  }
  if (ca) list.push(extension('2.5.29.19', AsnConvert.serialize(new BasicConstraints({ cA: true })), true));
  if (names.length > 0)
    list.push(extension('2.5.29.17', AsnConvert.serialize(new SubjectAlternativeName([...names])), true));
  if (legacyIssuer !== undefined) list.push(extension('1.3.6.1.4.1.57264.1.1', Buffer.from(legacyIssuer)));
  if (issuer !== undefined) list.push(extension('1.3.6.1.4.1.57264.1.8', utf8String(issuer)));
  for (const [oid, text] of Object.entries(claims)) list.push(extension(oid, utf8String(text)));
  return [...list, ...(profile.extensions ?? [])];
}

/** Takes a certificate without promise, returns the log's promise (RFC 6962 section 3.2) for it. */
export type CertificateLog = (certificate: ArrayBuffer) => Promise<ArrayBuffer>;

export class Authority {
  readonly key: KeyObject;
  readonly certificate: Buffer;
  readonly #name: Name;

  /** An authority of its own, self-signed with a P-256 key. */
  constructor(commonNameOfCa: string, keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }) {
    this.key = keys.privateKey;
    this.#name = commonName(commonNameOfCa);
    const profile: Profile = {
      names: [],
      extendedKeyUsage: [],
      ca: true,
      notBefore: new Date(Date.now() - 400 * 864e5),
      notAfter: new Date(Date.now() + 400 * 864e5),
    };
    this.certificate = this.#sign(this.#name, keys.publicKey, profile, extensionsOf(profile));
  }

  /** A leaf certificate in DER for a public key, by profile. */
  async issue(publicKey: KeyObject | Uint8Array, profile: Profile, log?: CertificateLog): Promise<Buffer> {
    const key =
      publicKey instanceof Uint8Array
        ? createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
        : publicKey;
    const extensions = extensionsOf(profile);
    const precertificate = this.#sign(new Name([]), key, profile, extensions);
    if (log === undefined || profile.withoutSct === true) return precertificate;
    const sct = Buffer.from(await log(Uint8Array.from(precertificate).buffer));
    const list = Buffer.concat([Buffer.from([0, sct.length]), sct]);
    const octets = Buffer.concat([Buffer.from([0x04, list.length]), list]);
    return this.#sign(new Name([]), key, profile, [...extensions, extension(SCT_LIST, octets)], precertificate);
  }

  #sign(
    subject: Name,
    key: KeyObject,
    profile: Profile,
    extensions: readonly Extension[],
    serialFrom?: Buffer,
  ): Buffer {
    const serial =
      serialFrom === undefined
        ? randomBytes(8)
        : Buffer.from(AsnConvert.parse(serialFrom, Certificate).tbsCertificate.serialNumber);
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    const validity = new Validity({
      notBefore: profile.notBefore ?? now,
      notAfter: profile.notAfter ?? new Date(now.getTime() + 10 * 60_000),
    });
    if (serialFrom !== undefined) {
      const before = AsnConvert.parse(serialFrom, Certificate).tbsCertificate.validity;
      validity.notBefore = before.notBefore;
      validity.notAfter = before.notAfter;
    }
    const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 });
    const tbs = new TBSCertificate({
      version: 2,
      serialNumber: Uint8Array.from(serial).buffer,
      signature: algorithm,
      issuer: this.#name,
      validity,
      subject,
      subjectPublicKeyInfo: AsnConvert.parse(key.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
      extensions: new Extensions([...extensions]),
    });
    const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbs)), this.key);
    return Buffer.from(
      AsnConvert.serialize(
        new Certificate({
          tbsCertificate: tbs,
          signatureAlgorithm: algorithm,
          signatureValue: Uint8Array.from(signature).buffer,
        }),
      ),
    );
  }
}
