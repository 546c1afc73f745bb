import { UsageError } from '../errors.ts';
import { LIMITS } from './limits.ts';

/** A name must be exactly this text, or a regular expression must match the whole of it. */
export type NameMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'pattern'; readonly pattern: string };

/** The kinds of subject alternative names (RFC 5280 section 4.2.1.6) that can be an identity. */
export const IDENTITY_TYPES = ['uri', 'email', 'dns'] as const;
export type IdentityType = (typeof IDENTITY_TYPES)[number];

/**
 * Facts that Fulcio writes into certificates of CI jobs (OIDs 1.3.6.1.4.1.57264.1.x, fulcio docs/oid-info.md).
 */
export const CLAIM_OIDS = {
  buildSignerUri: '1.3.6.1.4.1.57264.1.9',
  buildSignerDigest: '1.3.6.1.4.1.57264.1.10',
  runnerEnvironment: '1.3.6.1.4.1.57264.1.11',
  sourceRepositoryUri: '1.3.6.1.4.1.57264.1.12',
  sourceRepositoryDigest: '1.3.6.1.4.1.57264.1.13',
  sourceRepositoryRef: '1.3.6.1.4.1.57264.1.14',
  sourceRepositoryOwnerUri: '1.3.6.1.4.1.57264.1.16',
  sourceRepositoryOwnerId: '1.3.6.1.4.1.57264.1.17',
  buildConfigUri: '1.3.6.1.4.1.57264.1.18',
  buildTrigger: '1.3.6.1.4.1.57264.1.20',
} as const;
export type ClaimName = keyof typeof CLAIM_OIDS;

/** The kinds of provenance that are read (slsa.dev/provenance). */
export const PROVENANCE_TYPES: readonly string[] = [
  'https://slsa.dev/provenance/v1',
  'https://slsa.dev/provenance/v0.2',
];

function isClaimName(name: string): name is ClaimName {
  return Object.hasOwn(CLAIM_OIDS, name);
}

export const CLAIM_NAMES: readonly ClaimName[] = Object.keys(CLAIM_OIDS).filter(isClaimName);

/** The file must be signed by the holder of a short-lived certificate with this identity. */
export interface CertificateSigner {
  readonly kind: 'certificate';
  readonly identity: NameMatch;
  readonly identityType: IdentityType;
  /** Who vouched for the identity (the OIDC issuer); `absent` for an own CA whose certificates name none. */
  readonly issuer: NameMatch | 'absent';
  /** Accept the issuer from the old, unstructured extension (.1.1) when the new one (.1.8) is missing. */
  readonly legacyIssuer?: boolean;
  /** `waived` is possible only with a trusted root of one's own, never with the public-good root. */
  readonly sct: 'required' | 'waived';
  /**
   * `proven` (the default): the certificate is judged at times that a log or a timestamp authority vouches for. `now`:
   * when nothing proves a time, it must be valid at the moment of the check; only for an authority of one's own, whose
   * certificates live long.
   */
  readonly time?: 'proven' | 'now';
  /**
   * The certificate must name the file's SHA-256 in exactly one otherName of this type (an OID of one's own arc). It is
   * a statement on top of the signature, never in its place, and does not count as a name of the signer.
   */
  readonly digestOid?: string;
  /** Facts of the CI job that the certificate must state. */
  readonly claims?: Readonly<Partial<Record<ClaimName, NameMatch>>>;
}

/** The file must be signed with this key. */
export interface KeySigner {
  readonly kind: 'key';
  /** One public key in PEM: ECDSA (P-256, P-384, P-521), Ed25519 or RSA (at least 2048 bits). */
  readonly pem: string;
}

/** The file must have a detached OpenPGP signature by one of these keys. */
export interface OpenPgpSigner {
  readonly kind: 'openpgp';
  /** Public keys, armored or binary: exactly those that may sign. */
  readonly keys: Uint8Array;
  /** Name of their file, for messages. */
  readonly name: string;
}

/** Who must have signed, and with which proof. */
export interface SignaturePolicy {
  readonly signer: CertificateSigner | KeySigner | OpenPgpSigner;
  /** Whether a transparency log entry is required. An entry that is present is verified either way. */
  readonly log: 'required' | 'optional';
  /**
   * The signature must be an attestation with one of these predicate types. Without it the file itself must be signed,
   * and an attestation is refused: what it states about the file was asked by nobody.
   */
  readonly predicateTypes?: readonly string[];
  /** What a SLSA provenance must state, on top of its predicate type. */
  readonly provenance?: ProvenancePolicy;
}

/** Expectations on a SLSA provenance (v0.2 and v1); each that is given must be stated, exactly. */
export interface ProvenancePolicy {
  /** Id of the builder. */
  readonly builder?: NameMatch;
  /** Without scheme `git+` and without ref: `https://github.com/org/repo`. */
  readonly sourceRepository?: string;
  /** `refs/tags/v1.2.3` */
  readonly sourceRef?: string;
  /** Commit, in lower-case hex. */
  readonly sourceDigest?: string;
  /** The workflow that was run, without ref: `https://github.com/org/repo/.github/workflows/release.yml`. */
  readonly workflow?: string;
  /** `github-hosted`: runners of the project's own are refused. */
  readonly runner?: 'github-hosted';
}

/** A name that is a fixed text with `@` and some ref behind it, as workflow identities have it. */
export function atAnyRef(name: string): NameMatch {
  return { kind: 'pattern', pattern: `${name.replaceAll(/[$()*+.?[\\\]^{|}/]/g, '\\$&')}@[^@]+` };
}

/** A name that is exactly a text, or the text with `@` and some ref behind it, as builders have it. */
export function orAtAnyRef(name: string): NameMatch {
  const atRef = atAnyRef(name);
  if (name.includes('@') || name.trim() === '' || atRef.kind === 'exact') return { kind: 'exact', value: name };
  return { kind: 'pattern', pattern: atRef.pattern.replace(/@\[\^@\]\+$/, '(?:@[^@]+)?') };
}

/** Names that no real policy means; a pattern that matches one of them accepts anybody. */
const ANYBODY = ['', 'x', 'https://example.invalid/anybody/at?all=1#', 'anybody@example.invalid'];

function checkMatch(match: NameMatch, what: string): void {
  switch (match.kind) {
    case 'exact':
      if (match.value.trim() === '') throw new UsageError(`The ${what} is empty: name the one that must have signed.`);
      return;
    case 'pattern': {
      if (match.pattern.trim() === '')
        throw new UsageError(`The pattern for the ${what} is empty: it would match nobody.`);
      try {
        new RegExp(match.pattern, 'u');
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new UsageError(`The pattern for the ${what} is not a regular expression: ${why}`);
      }
      const whole = wholeMatch(match.pattern);
      if (ANYBODY.some((name) => whole.test(name))) {
        throw new UsageError(
          `The pattern for the ${what}, ${match.pattern}, matches anybody. Write the fixed part out, ` +
            'for example https://github\\.com/org/repo/\\.github/workflows/release\\.yml@refs/tags/v.*',
        );
      }
      return;
    }
  }
}

function wholeMatch(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

/**
 * Whether a name is what the policy asks for: equal, or matched from its first to its last character. Longer names than
 * real ones never match, so that no pattern runs over text of a hostile length.
 */
export function matches(match: NameMatch, name: string): boolean {
  if (name.length > LIMITS.name) return false;
  switch (match.kind) {
    case 'exact':
      return match.value === name;
    case 'pattern':
      return wholeMatch(match.pattern).test(name);
  }
}

/** The kind of name that an identity written out in full is: a URI has a scheme, an e-mail address an `@`. */
export function identityTypeOf(identity: string): IdentityType {
  if (/^[a-z][a-z0-9+.-]*:/i.test(identity)) return 'uri';
  return identity.includes('@') ? 'email' : 'dns';
}

/** For messages: `"x"`, or `a match of /x/ as a whole`. */
export function describeMatch(match: NameMatch): string {
  return match.kind === 'exact' ? JSON.stringify(match.value) : `a match of /${match.pattern}/ as a whole`;
}

/** @throws UsageError for a policy that names nobody, or accepts anybody */
export function checkPolicy(policy: SignaturePolicy): void {
  if (policy.signer.kind === 'certificate') {
    checkMatch(policy.signer.identity, 'identity');
    const { digestOid } = policy.signer;
    if (digestOid !== undefined && !/^[0-2](?:\.(?:0|[1-9]\d*))+$/.test(digestOid)) {
      throw new UsageError(`"${digestOid}" is not an object identifier, such as 1.3.6.1.4.1.99999.1.`);
    }
    if (policy.signer.issuer !== 'absent') checkMatch(policy.signer.issuer, 'issuer');
    for (const [name, match] of Object.entries(policy.signer.claims ?? {}))
      checkMatch(match, `certificate claim ${name}`);
  }
  if (policy.predicateTypes !== undefined) {
    if (policy.predicateTypes.length === 0)
      throw new UsageError('The list of predicate types is empty: name at least one.');
    if (policy.predicateTypes.some((type) => type.trim() === '')) throw new UsageError('A predicate type is empty.');
  }
  const { provenance } = policy;
  if (provenance === undefined) return;
  if (policy.predicateTypes?.some((type) => PROVENANCE_TYPES.includes(type)) !== true) {
    throw new UsageError(
      `The policy says what a provenance must state, and accepts none: name its predicate type, ${PROVENANCE_TYPES.join(' or ')}.`,
    );
  }
  if (provenance.builder !== undefined) checkMatch(provenance.builder, 'builder');
  const { sourceRepository, sourceRef, sourceDigest, workflow } = provenance;
  for (const [what, text] of Object.entries({ sourceRepository, sourceRef, sourceDigest, workflow })) {
    if (text?.trim() === '') throw new UsageError(`The ${what} of the provenance is empty.`);
  }
}
