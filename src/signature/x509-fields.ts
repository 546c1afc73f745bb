import type { ASN1Obj } from '@sigstore/core';
import { element, expected, oidOf, partsOf, TAG, timeOf } from './asn1.ts';

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
  const [tbs, algorithm, signature, ...rest] = partsOf(element(der));
  expected(signature, TAG.bitString);
  if (rest.length > 0) throw new Error('the certificate has more than three parts');
  const fields = [...partsOf(tbs)];
  if (fields[0]?.tag.toDER() === VERSION) fields.shift();
  const [serial, , issuer, validity, subject, key, ...optional] = fields;
  expected(serial, TAG.integer);
  for (const part of [issuer, subject, key]) expected(part, TAG.sequence);
  const [notBefore, notAfter, ...more] = partsOf(validity);
  if (more.length > 0) throw new Error('the certificate has more than two dates');
  const tags = optional.map(({ tag }) => tag.toDER());
  if (tags.some((tag, at) => ![ISSUER_ID, SUBJECT_ID, EXTENSIONS].includes(tag) || tag <= (tags[at - 1] ?? 0))) {
    throw new Error('the certificate has parts that certificates do not have');
  }
  const wrapped = optional.find(({ tag }) => tag.toDER() === EXTENSIONS);
  const [extensions, ...behind] = wrapped?.subs ?? [];
  if (behind.length > 0) throw new Error('the certificate has more than one list of extensions');
  return {
    extensions: wrapped === undefined ? [] : partsOf(extensions).map((each) => extensionOf(each)),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureAlgorithm: oidOf(partsOf(algorithm)[0]),
  };
}

function extensionOf(item: ASN1Obj): X509Extension {
  const parts = partsOf(item);
  if (parts.length < 2 || parts.length > 3) throw new Error('an extension of the certificate is malformed');
  return {
    oid: oidOf(parts[0]),
    critical: parts.length === 3 && expected(parts[1], TAG.boolean).toBoolean(),
    value: expected(parts.at(-1), TAG.octetString).value,
  };
}

/** RFC 5280 section 4.2.1.9. */
export function basicConstraints(value: Uint8Array): { readonly ca: boolean; readonly pathLength?: number } {
  const parts = [...partsOf(element(value))];
  const ca = parts[0]?.tag.isBoolean() === true && (parts.shift()?.toBoolean() ?? false);
  const [length, ...rest] = parts;
  if (rest.length > 0) throw new Error('basic constraints are malformed');
  if (length === undefined) return { ca };
  const number = expected(length, TAG.integer).toInteger();
  // A negative or huge number restricts nothing sensible: none below is the strict reading.
  return { ca, pathLength: number >= 0n && number < 128n ? Number(number) : 0 };
}

/** Bits of the key usage, the first being 1 (RFC 5280 section 4.2.1.3). */
export const USAGE = { digitalSignature: 1 << 0, keyCertSign: 1 << 5 } as const;

export function keyUsage(value: Uint8Array): number {
  const item = element(value, TAG.bitString);
  if (item.value.length < 1 || item.value.length > 3) throw new Error('the key usage is malformed');
  return item.toBitString().reduce((bits, bit, at) => bits | (bit << at), 0);
}

/** Object identifiers of an extended key usage (RFC 5280 section 4.2.1.12). */
export function extendedKeyUsage(value: Uint8Array): readonly string[] {
  return partsOf(element(value)).map((item) => oidOf(item));
}
