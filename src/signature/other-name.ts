import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { derUtf8String, type LeafCertificate } from './certificate.ts';

const OCTET_STRING = 0x04;
const SHA256_BYTES = 32;

/**
 * The SHA-256 in the value of an otherName: a DER OCTET STRING of exactly 32 bytes, or a UTF8String `sha256:` and 64
 * lower-case hex digits. undefined for any other tag, length or text.
 */
export function digestOf(value: Uint8Array): string | undefined {
  if (value[0] === OCTET_STRING) {
    const exact = value[1] === SHA256_BYTES && value.length === 2 + SHA256_BYTES;
    return exact ? Buffer.from(value.subarray(2)).toString('hex') : undefined;
  }
  return /^sha256:([0-9a-f]{64})$/.exec(derUtf8String(value) ?? '')?.[1];
}

/**
 * The findings about the file's digest in the certificate itself, a statement by the authority on top of the signature.
 * @param oid the type of otherName that holds it
 * @param sha256 of the artifact, 64 lower-case hex digits
 */
export function certificateDigestFindings(leaf: LeafCertificate, oid: string, sha256: string): Finding[] {
  const values = leaf.otherNames.filter((name) => name.oid === oid).map(({ value }) => value);
  const [value] = values;
  const expected = `Expected the certificate to name sha256 ${sha256} in an otherName ${oid}`;
  const wrong = (found: string): Finding[] => [
    finding('sig/wrong-certificate-digest', `${expected}, found ${found}.`, { subject: oid }),
  ];
  if (value === undefined) return wrong('no such name');
  if (values.length > 1) return wrong(`${values.length} of them`);
  const digest = digestOf(value);
  if (digest === undefined) return wrong('a value that is no SHA-256 digest');
  return digest === sha256 ? [] : wrong(`sha256 ${digest}`);
}
