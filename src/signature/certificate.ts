import { createHash, X509Certificate } from 'node:crypto';
import type { CertificateFacts } from './evidence.ts';
import { type GeneralName, generalNames } from './general-name.ts';
import { LIMITS } from './limits.ts';
import { CLAIM_NAMES, CLAIM_OIDS, type ClaimName } from './policy.ts';
import { basicConstraints, EXTENSION, extendedKeyUsage, keyUsage, USAGE, x509Fields } from './x509-fields.ts';

const ISSUER = '1.3.6.1.4.1.57264.1.8';
const LEGACY_ISSUER = '1.3.6.1.4.1.57264.1.1';
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** Extensions that are understood here or by the library; any other one that is critical must refuse (RFC 5280 4.2). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.extendedKeyUsage,
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  '2.5.29.14', // subject key identifier
  '2.5.29.35', // authority key identifier
  '1.3.6.1.4.1.11129.2.4.2', // signed certificate timestamps
]);

/** A leaf certificate as read here, independently of the library that verifies its chain. */
export interface LeafCertificate {
  readonly der: Uint8Array;
  readonly facts: CertificateFacts;
  /** node's own reading of the same bytes, for its key, dates and chain checks. */
  readonly x509: X509Certificate;
  /** The otherNames among the names, with the DER of their values. */
  readonly otherNames: readonly { readonly oid: string; readonly value: Uint8Array }[];
  /** Reasons why it cannot be a code signing leaf, each a clause such as `it is a CA certificate`. */
  readonly unfit: readonly string[];
}

/** The text of exactly one DER UTF8String (X.690 section 8.23); undefined for anything else. */
export function derUtf8String(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x0c) return undefined;
  const first = bytes[1] ?? 0xff;
  let start = 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets < 1 || octets > 2) return undefined;
    length = 0;
    for (let at = 0; at < octets; at++) length = length * 256 + (bytes[2 + at] ?? 0);
    start = 2 + octets;
  }
  if (bytes.length !== start + length) return undefined;
  return utf8(bytes.subarray(start));
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Names and issuers are ASCII; anything else could look like another name than it is. */
function isPlainName(text: string): boolean {
  return text.length <= LIMITS.name && /^[\x21-\x7e]+$/.test(text);
}

/** node tries PEM after DER and then complains about PEM. */
function parseX509(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new Error('the certificate is not X.509 in DER');
  }
}

/**
 * Reads a leaf certificate in DER.
 * @throws Error of the ASN.1 reader when it is not one; the caller turns that into a refusal
 */
export function readLeaf(der: Uint8Array): LeafCertificate {
  if (der.length > LIMITS.derBytes) throw new Error(`the certificate has ${der.length} bytes`);
  const x509 = parseX509(der);
  if (x509.raw.length !== der.length) throw new Error('there are bytes behind the certificate');
  const fields = x509Fields(der);
  const extensions = new Map<string, Uint8Array>();
  const unfit: string[] = [];
  for (const { oid, value, critical } of fields.extensions) {
    if (extensions.has(oid)) unfit.push(`it has the extension ${oid} twice`);
    if (critical && !UNDERSTOOD.has(oid)) unfit.push(`it has an unknown critical extension, ${oid}`);
    extensions.set(oid, value);
  }
  const read = <T>(oid: string, parse: (value: Uint8Array) => T): T | undefined => {
    const value = extensions.get(oid);
    return value === undefined ? undefined : parse(value);
  };

  let named: readonly GeneralName[] = [];
  let readable = true;
  try {
    named = read(EXTENSION.subjectAltName, generalNames) ?? [];
  } catch {
    readable = false;
  }
  if (!readable || named.some(({ more }) => more === true)) {
    unfit.push('its names hold more, or in another form, than can be read');
  }
  const names = named.map(({ name }) => name);
  const otherNames = named.flatMap(({ other }) => (other === undefined ? [] : [other]));
  for (const { type, value } of names) {
    if (!isPlainName(value) && type !== 'directory' && type !== 'edi-party' && type !== 'x400') {
      unfit.push(`its ${type} name has characters that names do not have, or more than ${LIMITS.name} of them`);
    }
  }
  if (x509.ca || read(EXTENSION.basicConstraints, basicConstraints)?.ca === true) unfit.push('it is a CA certificate');
  const usage = read(EXTENSION.keyUsage, keyUsage);
  if (usage !== undefined && (usage & USAGE.digitalSignature) === 0) {
    unfit.push('its key usage does not allow digital signatures');
  }

  const issuerBytes = extensions.get(ISSUER);
  const issuer = issuerBytes === undefined ? undefined : derUtf8String(issuerBytes);
  if (issuerBytes !== undefined && (issuer === undefined || !isPlainName(issuer))) {
    unfit.push(`its issuer extension ${ISSUER} is not one UTF8String of plain characters`);
  }
  const legacyBytes = extensions.get(LEGACY_ISSUER);
  const legacyIssuer = legacyBytes === undefined ? undefined : utf8(legacyBytes);
  if (legacyBytes !== undefined && (legacyIssuer === undefined || !isPlainName(legacyIssuer))) {
    unfit.push(`its issuer extension ${LEGACY_ISSUER} is not plain text`);
  }

  const claims: Partial<Record<ClaimName, string>> = {};
  for (const name of CLAIM_NAMES) {
    const value = extensions.get(CLAIM_OIDS[name]);
    const text = value === undefined ? undefined : derUtf8String(value);
    if (text !== undefined) claims[name] = text;
  }

  return {
    der,
    x509,
    otherNames,
    unfit,
    facts: {
      kind: 'certificate',
      fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}`,
      names,
      ...(issuer === undefined ? {} : { issuer }),
      ...(legacyIssuer === undefined ? {} : { legacyIssuer }),
      claims,
      extendedKeyUsage: read(EXTENSION.extendedKeyUsage, extendedKeyUsage) ?? [],
      notBefore: fields.notBefore.toISOString(),
      notAfter: fields.notAfter.toISOString(),
    },
  };
}
