/**
 * Bounds on signature material, checked before anything is parsed. They leave room for the largest real material
 * (provenance with thousands of dependencies) and keep a hostile file from costing more than a moment.
 */
export const LIMITS = {
  /** Bytes of a bundle, an attestation payload or a trusted root. */
  documentBytes: 16 * 1024 * 1024,
  /** Bytes of a detached signature, raw or in base64; RSA with 16384 bits needs 2048. */
  signatureBytes: 16 * 1024,
  /** Bytes of a public key in PEM. */
  keyBytes: 64 * 1024,
  /** Bytes of a file with OpenPGP keys, which can carry the certifications of many. */
  openPgpKeyBytes: 1024 * 1024,
  openPgpKeys: 32,
  /** Packets of one block of keys. */
  openPgpKeyPackets: 4096,
  /** Signatures in one OpenPGP signature file; each is made over the whole file. */
  openPgpSignatures: 8,
  /** Characters of an OpenPGP user id that are shown. */
  userId: 200,
  /** Objects and arrays inside each other. */
  depth: 64,
  /** Values of all kinds in a bundle or trusted root; real ones have a few hundred. */
  bundleValues: 10_000,
  /** Values in an attestation payload. */
  payloadValues: 500_000,
  logEntries: 32,
  timestamps: 32,
  certificates: 10,
  /** Hashes of one inclusion proof; a log with 2^64 leaves needs 64. */
  proofHashes: 64,
  /** Bytes of one certificate or one timestamp token. */
  derBytes: 64 * 1024,
  /** Bytes of a log entry's body; real ones hold a digest, a signature and a certificate. */
  logBodyBytes: 256 * 1024,
  /** Bytes of a file with certificates in PEM. */
  certificateFileBytes: 1024 * 1024,
  /** Certificates in a file with roots or intermediates of an own authority. */
  authorityCertificates: 100,
  /** Bundles in one file, one a line. */
  bundlesInFile: 64,
  /** Characters of a log's checkpoint. */
  checkpoint: 16 * 1024,
  /** Characters of a name in a certificate. */
  name: 2048,
} as const;
