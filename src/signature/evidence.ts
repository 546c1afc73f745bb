import type { ClaimName } from './policy.ts';

/** The kinds of general names of RFC 5280 section 4.2.1.6. */
export type NameType =
  | 'uri'
  | 'email'
  | 'dns'
  | 'ip'
  | 'directory'
  | 'other-name'
  | 'registered-id'
  | 'x400'
  | 'edi-party';

export interface CertificateName {
  readonly type: NameType;
  readonly value: string;
}

/** What a signing certificate says. */
export interface CertificateFacts {
  readonly kind: 'certificate';
  /** `sha256:<hex>` of the DER certificate. */
  readonly fingerprint: string;
  readonly names: readonly CertificateName[];
  /** OIDC issuer, from extension 1.3.6.1.4.1.57264.1.8. */
  readonly issuer?: string;
  /** The same from the old extension .1.1. */
  readonly legacyIssuer?: string;
  readonly claims: Readonly<Partial<Record<ClaimName, string>>>;
  /** OIDs. */
  readonly extendedKeyUsage: readonly string[];
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/** The public key that the signature was checked with. */
export interface KeyFacts {
  readonly kind: 'key';
  /** For example `ECDSA P-256`. */
  readonly algorithm: string;
  /** `sha256:<hex>` of the SubjectPublicKeyInfo in DER. */
  readonly fingerprint: string;
}

/** The OpenPGP key that made the signature. */
export interface OpenPgpFacts {
  readonly kind: 'openpgp';
  /** Of the key that signed, for example `RSA 3072`. */
  readonly algorithm: string;
  /** Of the primary key: 40 or 64 hexadecimal digits in upper case. */
  readonly fingerprint: string;
  /** Fingerprint of the subkey that signed, where it was one. */
  readonly signingKey?: string;
  /** Primary user id, as the key states it. */
  readonly userId?: string;
  /** ISO 8601, UTC. When it was made, as the signer says. */
  readonly claimedTime?: string;
}

export interface LogEntryFacts {
  /** ISO 8601, UTC: when the log says that it took the entry; absent when it says nothing. */
  readonly integratedTime?: string;
  /** Base URL of the log when the trusted root knows it. */
  readonly log?: string;
  /** Hex, the id under which the trusted root lists it. */
  readonly logId: string;
  readonly index: string;
  /** For example `hashedrekord 0.0.1`. */
  readonly kind: string;
}

/** A time at which the signature existed, by somebody's signature other than the signer's. */
export interface TimeFacts {
  readonly source: 'log' | 'timestamp-authority';
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** What a SLSA provenance states about the build; each member only when it is stated once and clearly. */
export interface ProvenanceFacts {
  readonly builder?: string | undefined;
  readonly buildType?: string | undefined;
  readonly sourceRepository?: string | undefined;
  readonly sourceRef?: string | undefined;
  readonly sourceDigest?: string | undefined;
  /** Repository and path, without ref. */
  readonly workflow?: string | undefined;
  /** `github-hosted` or `self-hosted`. */
  readonly runner?: string | undefined;
}

export interface StatementFacts {
  readonly predicateType: string;
  /** The subject that is the artifact. */
  readonly subject?: string;
  readonly subjects: number;
  readonly provenance?: ProvenanceFacts;
}

/**
 * What was looked at. When `verified` is false, everything but `artifact`, `signature` and `trust` is only what the
 * material claims.
 */
export interface SignatureEvidence {
  readonly verified: boolean;
  readonly artifact: { readonly digest: string; readonly size?: number };
  readonly signature: {
    readonly form: 'bundle' | 'detached' | 'none';
    readonly name?: string;
    /** `sha256:<hex>` of the signature file. */
    readonly digest?: string;
    /** Of a bundle; words for the form of cosign 1 and 2, which has none. */
    readonly mediaType?: string;
    readonly content?: 'message' | 'attestation';
    /** Which bundle of a file with several, from 1, and how many there are. */
    readonly line?: number;
    readonly lines?: number;
  };
  readonly signer?: CertificateFacts | KeyFacts | OpenPgpFacts;
  readonly times: readonly TimeFacts[];
  readonly logEntries: readonly LogEntryFacts[];
  readonly statement?: StatementFacts;
  /** The trusted root that certificates, logs and times were checked against, where one was needed. */
  readonly trust?: { readonly source: string; readonly digest: string };
  /** The own authority that the signer's certificate was checked against, in place of those of the trusted root. */
  readonly authority?: { readonly source: string; readonly digest: string };
}
