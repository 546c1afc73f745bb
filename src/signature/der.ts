/**
 * Reading DER (X.690) from untrusted bytes: definite lengths in their shortest form, nothing behind the end. Every fault
 * is an Error, for the caller to turn into a refusal. A reader of its own, since the general ones take longer to load
 * than a whole verification.
 */

/** One element. @property tag identifier octet, with class and form; tags above 30 do not occur in certificates */
export interface Der {
  readonly tag: number;
  readonly value: Uint8Array;
  /** With identifier and length. */
  readonly bytes: Uint8Array;
}

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

/** The elements that fill the bytes, one after the other. */
export function derItems(bytes: Uint8Array): readonly Der[] {
  const items: Der[] = [];
  for (let start = 0; start < bytes.length; ) {
    const tag = bytes[start] ?? 0;
    if ((tag & 0x1f) === 0x1f) malformed('a tag is too large');
    let at = start + 1;
    let length = bytes[at++] ?? malformed('it ends within a length');
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets < 1 || octets > 3) malformed('a length is indefinite or too large');
      length = 0;
      for (let octet = 0; octet < octets; octet++) {
        length = length * 256 + (bytes[at++] ?? malformed('it ends within a length'));
      }
      if (length < 0x80 || length < 256 ** (octets - 1)) malformed('a length is longer than it needs to be');
    }
    const end = at + length;
    if (end > bytes.length) malformed('it is cut');
    items.push({ tag, value: bytes.subarray(at, end), bytes: bytes.subarray(start, end) });
    start = end;
  }
  return items;
}

/** The one element that fills the bytes. @param tag that it must have */
export function derItem(bytes: Uint8Array, tag?: number): Der {
  const [item, ...more] = derItems(bytes);
  if (item === undefined || more.length > 0) malformed('one element was expected');
  if (tag !== undefined && item.tag !== tag) malformed(`the tag ${item.tag} is not the expected ${tag}`);
  return item;
}

/** The value of an element that must have a tag. */
export function contentOf(item: Der | undefined, tag: number): Uint8Array {
  if (item?.tag !== tag) malformed(`the tag ${item?.tag ?? 'of nothing'} is not the expected ${tag}`);
  return item.value;
}

/** An object identifier in dotted decimal (X.690 section 8.19). */
export function oidOf(value: Uint8Array): string {
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

/** UTCTime or GeneralizedTime in the form that certificates have (RFC 5280 section 4.1.2.5). */
export function timeOf(item: Der | undefined): Date {
  const text = Buffer.from(item?.value ?? []).toString('latin1');
  const short = item?.tag === TAG.utcTime;
  if (!short && item?.tag !== TAG.generalizedTime) malformed('a time was expected');
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(text) ??
    malformed('a time has another form');
  const century = short ? (Number(year) < 50 ? '20' : '19') : '';
  const date = new Date(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) malformed('a time does not exist');
  return date;
}
