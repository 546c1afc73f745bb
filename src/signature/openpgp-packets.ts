/** OpenPGP files as far as packets and armor go. What lies in the packets is for the library to read. */

/** RFC 9580 section 5. */
export const PACKET = { signature: 2, secretKey: 5, publicKey: 6, secretSubkey: 7 } as const;

export interface Packet {
  readonly tag: number;
  /** Header and body, as in the file. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
}

/** One armored block. @property label such as `PGP SIGNATURE` */
export interface ArmorBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BLOCK =
  /^-----BEGIN (PGP [A-Z ]{1,40})-----[ \t]*\r?\n((?:[A-Za-z]{1,20}: [^\r\n]*\r?\n)*)[ \t]*\r?\n([A-Za-z0-9+/\r\n]+={0,2}\r?\n)(?:=[A-Za-z0-9+/]{4}\r?\n)?-----END \1-----[ \t]*\r?$/gm;

/** Whether a file is text with armor, or binary packets: the first byte of a packet has its highest bit set. */
export function isArmored(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x80) === 0;
}

/**
 * The armored blocks of a text, in its order (RFC 9580 section 6.2). The checksum is not looked at, as that standard
 * says: what it would find, the signatures find.
 * @param around whether other text may be around the blocks, as in lists of keys
 * @throws Error with a clause such as `an armored block in it is not complete`
 */
export function armorBlocks(bytes: Uint8Array, around: boolean): readonly ArmorBlock[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = [...text.matchAll(BLOCK)];
  if (text.split('-----BEGIN PGP').length - 1 !== blocks.length) {
    throw new Error('an armored block in it is not complete');
  }
  if (blocks.length === 0) throw new Error('it has no "-----BEGIN PGP ..." line');
  if (!around && text.replace(BLOCK, '').trim() !== '') throw new Error('there is other text around the armored block');
  return blocks.map(([, label = '', , base64 = '']) => ({ label, bytes: Buffer.from(base64, 'base64') }));
}

/**
 * The packets of a file, from its first byte to its last (RFC 9580 section 4.2).
 * @param most how many are read
 * @throws Error with a clause such as `a packet in it is cut`
 */
export function packetsIn(bytes: Uint8Array, most: number): readonly Packet[] {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (packets.length === most) throw new Error(`it has more than ${most} packets`);
    const { tag, start, length } = headerAt(bytes, at);
    const end = start + length;
    if (end > bytes.length) throw new Error('a packet in it is cut');
    packets.push({ tag, bytes: bytes.subarray(at, end), body: bytes.subarray(start, end) });
    at = end;
  }
  return packets;
}

function headerAt(bytes: Uint8Array, at: number): { tag: number; start: number; length: number } {
  const byte = (index: number): number => {
    const value = bytes[index];
    if (value === undefined) throw new Error('a packet in it is cut');
    return value;
  };
  const number = (from: number, size: number): number => {
    let value = 0;
    for (let index = 0; index < size; index += 1) value = value * 256 + byte(from + index);
    return value;
  };
  const first = byte(at);
  if ((first & 0x80) === 0) throw new Error('there is something in it that is no OpenPGP packet');
  if ((first & 0x40) === 0) {
    const kind = first & 3;
    if (kind === 3) throw new Error('a packet in it has no length');
    const size = 2 ** kind;
    return { tag: (first >> 2) & 15, start: at + 1 + size, length: number(at + 1, size) };
  }
  const tag = first & 63;
  const one = byte(at + 1);
  if (one < 192) return { tag, start: at + 2, length: one };
  if (one < 224) return { tag, start: at + 3, length: (one - 192) * 256 + byte(at + 2) + 192 };
  if (one < 255) throw new Error('a packet in it comes in parts of unstated length');
  return { tag, start: at + 6, length: number(at + 2, 4) };
}
