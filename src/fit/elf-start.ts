import { closeSync, openSync, readSync } from 'node:fs';

/** Whether a file is a program rather than text. */
export function isElfBytes(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** {@link isElfBytes} of a file; true for one that cannot be read, which opening it as a program then tells. */
export function isElfFile(path: string): boolean {
  const bytes = Buffer.alloc(4);
  try {
    const descriptor = openSync(path, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return true;
  }
  return isElfBytes(bytes);
}
