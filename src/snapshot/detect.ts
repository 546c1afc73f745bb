/** Whether bytes are meant as a snapshot: they begin as gzip does (RFC 1952, section 2.3), and no ELF file does. */
export function isSnapshotFile(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
