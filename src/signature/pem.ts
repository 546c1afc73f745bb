import { X509Certificate } from 'node:crypto';
import { LIMITS } from './limits.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\sA-Za-z0-9+/=]*?-----END \1-----/g;

/** A text that cosign wrapped in base64 once more (`.pem` and `.crt` of cosign 2), or the text itself. */
function unwrapped(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('-----BEGIN')) return text;
  const inner = Buffer.from(text.trim(), 'base64').toString('latin1');
  return inner.includes('-----BEGIN') ? inner : text;
}

/**
 * The certificates of a file in PEM (also in base64 around it, as cosign 2 writes it) or of one in DER, in its order.
 * @param most how many are accepted
 * @throws Error with a clause such as `it holds a private key`, for the caller to say what it means
 */
export function certificatesIn(bytes: Uint8Array, most: number): readonly X509Certificate[] {
  if (bytes.length > LIMITS.certificateFileBytes) {
    throw new Error(`it has ${bytes.length} bytes; at most ${LIMITS.certificateFileBytes} are read`);
  }
  if (bytes[0] === 0x30) return [parse(bytes)];
  const text = unwrapped(bytes);
  const begins = text.split('-----BEGIN ').length - 1;
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0) throw new Error('it holds no certificate in PEM');
  if (blocks.length !== begins) throw new Error('a PEM block in it is not complete');
  if (blocks.length > most) throw new Error(`it holds ${blocks.length} certificates; at most ${most} are read`);
  return blocks.map(([block, label]) => {
    if (label?.includes('PRIVATE KEY') === true) throw new Error('it holds a private key');
    if (label !== 'CERTIFICATE') throw new Error(`it holds a "${label}", not a certificate`);
    return parse(Buffer.from(block));
  });
}

function parse(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new Error('a certificate in it is not X.509');
  }
}
