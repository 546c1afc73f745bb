/** Bounds on what is taken from a registry, checked before it is held or unpacked. */
export const OCI_LIMITS = {
  /** Bytes of a manifest or index; registries themselves refuse more than this. */
  manifestBytes: 4 * 1024 * 1024,
  /** Objects and arrays inside each other in a manifest. */
  depth: 24,
  /** Keys and values in a manifest. */
  values: 50_000,
  /** Entries of an index, or layers of a manifest. */
  descriptors: 1000,
  /** Bytes of one layer or file as it is stored. */
  blobBytes: 512 * 1024 * 1024,
  /** Bytes of a signature, its payload or a bundle. */
  signatureBytes: 16 * 1024 * 1024,
  /** Signatures of one image that are looked at. */
  signatures: 64,
  /** Bytes that all layers of an image may unpack to. */
  unpackedBytes: 2 * 1024 * 1024 * 1024,
  /** How many times larger than stored a layer may unpack to, once it is larger than `smallLayer`. */
  ratio: 200,
  smallLayer: 16 * 1024 * 1024,
  /** Files, directories and links in all layers. */
  entries: 500_000,
  /** Characters of a path in a layer, and bytes of the extended headers of one entry. */
  path: 4096,
  extendedHeader: 1024 * 1024,
  /** Bytes of the zstd window, as the zstd program itself allows. */
  zstdWindow: 128 * 1024 * 1024,
  redirects: 5,
  /** Milliseconds until the headers of an answer, and until the end of a layer. */
  answerMs: 30_000,
  blobMs: 600_000,
} as const;
