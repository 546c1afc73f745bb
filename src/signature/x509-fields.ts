import { contentOf, type Der, derItem, derItems, oidOf, TAG, timeOf } from './der.ts';

/** Object identifiers of RFC 5280 section 4.2.1. */
export const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
} as const;

export interface X509Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** What is in the OCTET STRING. */
  readonly value: Uint8Array;
}

/** The fields of a certificate that node does not give, or not exactly. */
export interface X509Fields {
  readonly extensions: readonly X509Extension[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of the signature on the certificate. */
  readonly signatureAlgorithm: string;
}

const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;

/** @throws Error for bytes that are no certificate (RFC 5280 section 4.1) in DER */
export function x509Fields(der: Uint8Array): X509Fields {
  const [tbs, algorithm, signature, ...rest] = derItems(derItem(der, TAG.sequence).value);
  contentOf(signature, TAG.bitString);
  if (rest.length > 0) throw new Error('the certificate has more than three parts');
  const fields = [...derItems(contentOf(tbs, TAG.sequence))];
  if (fields[0]?.tag === VERSION) fields.shift();
  const [serial, , issuer, validity, subject, key, ...optional] = fields;
  contentOf(serial, TAG.integer);
  for (const part of [issuer, subject, key]) contentOf(part, TAG.sequence);
  const [notBefore, notAfter, ...more] = derItems(contentOf(validity, TAG.sequence));
  if (more.length > 0) throw new Error('the certificate has more than two dates');
  const tags = optional.map(({ tag }) => tag);
  if (tags.some((tag, at) => ![ISSUER_ID, SUBJECT_ID, EXTENSIONS].includes(tag) || tag <= (tags[at - 1] ?? 0))) {
    throw new Error('the certificate has parts that certificates do not have');
  }
  const wrapped = optional.find(({ tag }) => tag === EXTENSIONS);
  return {
    extensions:
      wrapped === undefined
        ? []
        : derItems(derItem(wrapped.value, TAG.sequence).value).map((each) => extensionOf(each)),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureAlgorithm: oidOf(contentOf(derItems(contentOf(algorithm, TAG.sequence))[0], TAG.oid)),
  };
}

function extensionOf(item: Der): X509Extension {
  const parts = derItems(contentOf(item, TAG.sequence));
  const flag = parts.length === 3 ? contentOf(parts[1], TAG.boolean) : undefined;
  if (parts.length < 2 || parts.length > 3 || (flag !== undefined && flag.length !== 1)) {
    throw new Error('an extension of the certificate is malformed');
  }
  return {
    oid: oidOf(contentOf(parts[0], TAG.oid)),
    critical: flag !== undefined && flag[0] !== 0,
    value: contentOf(parts.at(-1), TAG.octetString),
  };
}

/** RFC 5280 section 4.2.1.9. */
export function basicConstraints(value: Uint8Array): { readonly ca: boolean; readonly pathLength?: number } {
  const parts = [...derItems(derItem(value, TAG.sequence).value)];
  const flag = parts[0]?.tag === TAG.boolean ? parts.shift()?.value : undefined;
  const [length, ...rest] = parts;
  if (rest.length > 0 || (flag !== undefined && flag.length !== 1)) throw new Error('basic constraints are malformed');
  const ca = flag !== undefined && flag[0] !== 0;
  if (length === undefined) return { ca };
  const octets = contentOf(length, TAG.integer);
  // A negative or huge number restricts nothing sensible: none below is the strict reading.
  const pathLength = octets.length === 1 && (octets[0] ?? 0) < 0x80 ? (octets[0] ?? 0) : 0;
  return { ca, pathLength };
}

/** Bits of the key usage, the first being 1 (RFC 5280 section 4.2.1.3). */
export const USAGE = { digitalSignature: 1 << 0, keyCertSign: 1 << 5 } as const;

export function keyUsage(value: Uint8Array): number {
  const [unused = 8, ...octets] = derItem(value, TAG.bitString).value;
  if (unused > 7 || octets.length > 2) throw new Error('the key usage is malformed');
  let bits = 0;
  for (const [at, octet] of octets.entries()) {
    for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) bits |= 1 << (at * 8 + bit);
  }
  return bits;
}

/** Object identifiers of an extended key usage (RFC 5280 section 4.2.1.12). */
export function extendedKeyUsage(value: Uint8Array): readonly string[] {
  return derItems(derItem(value, TAG.sequence).value).map((item) => oidOf(contentOf(item, TAG.oid)));
}
