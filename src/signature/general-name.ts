import { element, expected, oidOf, oidOfContent, partsOf } from './asn1.ts';
import type { CertificateName } from './evidence.ts';

/** One of the names of a certificate. */
export interface GeneralName {
  readonly name: CertificateName;
  /** Of an otherName: its type, and the DER of its value. */
  readonly other?: { readonly oid: string; readonly value: Uint8Array };
  /** It holds more than such a name may: other readers drop what is behind. */
  readonly more?: boolean;
}

/** Text as it is, byte for byte; who judges it refuses what is not plain ASCII. */
function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}

function addressOf(value: Uint8Array): string {
  if (value.length === 4) return value.join('.');
  return Buffer.from(value)
    .toString('hex')
    .replace(/(.{4})(?=.)/g, '$1:');
}

/**
 * The subject alternative names (RFC 5280 section 4.2.1.6).
 * @throws Error for anything that is not that
 */
export function generalNames(value: Uint8Array): readonly GeneralName[] {
  return partsOf(element(value)).map((item): GeneralName => {
    const tag = item.tag.toDER();
    const inner = item.value;
    switch (tag) {
      case 0xa0: {
        const [type, wrapped, ...behind] = item.subs;
        const oid = oidOf(type);
        const [value, ...further] = expected(wrapped, 0xa0).subs;
        if (value === undefined) throw new Error('an otherName has no value');
        const more = behind.length + further.length > 0;
        const name = { type: 'other-name', value: oid } as const;
        return { name, other: { oid, value: value.toDER() }, ...(more ? { more } : {}) };
      }
      case 0x81:
        return { name: { type: 'email', value: textOf(inner) } };
      case 0x82:
        return { name: { type: 'dns', value: textOf(inner) } };
      case 0xa3:
        return { name: { type: 'x400', value: '(X.400 address)' } };
      case 0xa4:
        return { name: { type: 'directory', value: '(directory name)' } };
      case 0xa5:
        return { name: { type: 'edi-party', value: '(EDI party name)' } };
      case 0x86:
        return { name: { type: 'uri', value: textOf(inner) } };
      case 0x87:
        return { name: { type: 'ip', value: addressOf(inner) } };
      case 0x88:
        return { name: { type: 'registered-id', value: oidOfContent(item) } };
      default:
        throw new Error(`a name has the unknown tag ${tag}`);
    }
  });
}
