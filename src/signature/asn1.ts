import { ASN1Obj } from '@sigstore/core';

/**
 * ASN.1 of certificates, read by the library that verifies them too (strict DER, bounded depth), with what it leaves to
 * its caller: which tag is expected where, and object identifiers in their only form. Every fault is an Error, for the
 * caller to turn into a refusal.
 */

/** Identifier octets, with class and form (X.690 section 8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

function malformed(what: string): never {
  throw new Error(`the ASN.1 in it is not DER: ${what}`);
}

/** The one element that fills the bytes. @param tag that it must have */
export function element(bytes: Uint8Array, tag?: number): ASN1Obj {
  let read: ASN1Obj;
  try {
    read = ASN1Obj.parseBuffer(Buffer.from(bytes));
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
  return tag === undefined ? read : expected(read, tag);
}

/** An element that must be there with a tag. */
export function expected(item: ASN1Obj | undefined, tag: number): ASN1Obj {
  if (item === undefined) return malformed(`the end is where the tag ${tag} is expected`);
  const found = item.tag.toDER();
  return found === tag ? item : malformed(`the tag ${found} is not the expected ${tag}`);
}

/** The parts of a sequence, or of another element that holds some. */
export function partsOf(item: ASN1Obj | undefined, tag: number = TAG.sequence): readonly ASN1Obj[] {
  return expected(item, tag).subs;
}

/**
 * An object identifier in dotted decimal (X.690 section 8.19). Not the library's: that reads 2.999 as 3.16, and what is
 * padded or cut as another identifier.
 */
export function oidOf(item: ASN1Obj | undefined): string {
  return oidOfContent(expected(item, TAG.oid));
}

/** The same for an identifier under a tag of its own. */
export function oidOfContent({ value }: ASN1Obj): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const octet of value) {
    if (fresh && octet === 0x80) malformed('an object identifier is padded');
    arc = arc * 128n + BigInt(octet & 0x7f);
    fresh = octet < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) arcs.push(arc < 80n ? arc / 40n : 2n, arc < 80n ? arc % 40n : arc - 80n);
    else arcs.push(arc);
    arc = 0n;
  }
  if (!fresh || arcs.length === 0 || value.length > 64) malformed('an object identifier is cut or too long');
  return arcs.join('.');
}

/** UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5). The library drops the highest bit of each octet. */
export function timeOf(item: ASN1Obj | undefined): Date {
  const tag = item?.tag.toDER();
  if (item === undefined || (tag !== TAG.utcTime && tag !== TAG.generalizedTime)) malformed('a time was expected');
  if (item.value.some((octet) => octet >= 0x80)) malformed('a time has another form');
  const date = item.toDate();
  if (Number.isNaN(date.getTime())) malformed('a time does not exist');
  return date;
}
