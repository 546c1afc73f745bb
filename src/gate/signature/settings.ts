import { readArtifact } from '../../artifact/read.ts';
import type { GateConfig } from '../../config/schema.ts';
import { UsageError } from '../../errors.ts';
import { LIMITS } from '../../signature/limits.ts';
import {
  atAnyRef,
  type CertificateSigner,
  type ClaimName,
  identityTypeOf,
  type NameMatch,
  orAtAnyRef,
  PROVENANCE_TYPES,
  type ProvenancePolicy,
  type SignaturePolicy,
} from '../../signature/policy.ts';

type WithRequired = NonNullable<GateConfig['signature']>;
/** A signature section of the configuration: of a plugin, or of the previous release. */
export type SignatureSection = Omit<WithRequired, 'required'>;

/** The files that a signature section names and that decide, read before anything is built. */
export interface SignatureFiles {
  readonly key?: Uint8Array;
  readonly gpgKey?: Uint8Array;
  readonly trustedRoot?: Uint8Array;
  readonly caRoots?: Uint8Array;
  readonly caIntermediates?: Uint8Array;
  readonly timestampAuthority?: Uint8Array;
}

/** The keys that name deciding files, with what they are and how many bytes they may have. */
export const DECIDING = [
  ['key', 'public key', LIMITS.keyBytes],
  ['gpgKey', 'OpenPGP keys', LIMITS.openPgpKeyBytes],
  ['trustedRoot', 'trusted root', LIMITS.documentBytes],
  ['caRoots', 'roots', LIMITS.certificateFileBytes],
  ['caIntermediates', 'intermediates', LIMITS.certificateFileBytes],
  ['timestampAuthority', 'timestamp authority', LIMITS.certificateFileBytes],
] as const;

/**
 * @param rootOf directory that a deciding file is read from
 * @throws UsageError when one cannot be read
 */
export function readSignatureFiles(
  section: SignatureSection | undefined,
  rootOf: (file: string) => string,
): SignatureFiles {
  const files: { -readonly [Key in keyof SignatureFiles]: SignatureFiles[Key] } = {};
  for (const [name, what, maxSize] of DECIDING) {
    const file = section?.[name];
    if (file === undefined) continue;
    const { artifact, problem } = readArtifact(rootOf(file), file, { maxSize });
    if (artifact === undefined) throw new UsageError(`The ${what} of the signature cannot be read. ${problem.message}`);
    files[name] = artifact.bytes;
  }
  return files;
}

/** Whether the current public root must be asked for: certificates are judged, and by nothing that is at hand. */
export function needsCurrentTrust(section: SignatureSection | undefined): boolean {
  if (section === undefined || section.offline) return false;
  if (section.gpgKey !== undefined) return false;
  return section.key === undefined && section.caRoots === undefined && section.trustedRoot === undefined;
}

const exact = (value: string): NameMatch => ({ kind: 'exact', value });

/**
 * The policy that a section describes.
 * @param version of the release that is verified, for `{version}`
 * @throws UsageError when a text has `{version}` and there is none
 */
export function policyOf(
  section: SignatureSection,
  files: SignatureFiles,
  version: string | undefined,
): SignaturePolicy {
  const filled = (text: string): string => {
    if (!text.includes('{version}')) return text;
    if (version === undefined) {
      throw new UsageError(`The signature settings have "${text}", and the version of that release is not known.`);
    }
    return text.replaceAll('{version}', version);
  };
  if (files.gpgKey !== undefined) {
    return { signer: { kind: 'openpgp', keys: files.gpgKey, name: section.gpgKey ?? '' }, log: 'optional' };
  }
  const attested = attestedOf(section, filled);
  if (files.key !== undefined) {
    // A key that the project keeps needs no log: the key itself says who signed.
    return {
      signer: { kind: 'key', pem: Buffer.from(files.key).toString('utf8') },
      log: section.log ?? 'optional',
      ...attested,
    };
  }
  const own = section.caRoots !== undefined;
  return {
    signer: certificateSigner(section, filled),
    log: section.log ?? (own ? 'optional' : 'required'),
    ...attested,
  };
}

function certificateSigner(section: SignatureSection, filled: (text: string) => string): CertificateSigner {
  const { identity, identityType, signerWorkflow, issuer, caRoots, digestOid, unprovenTime, sct } = section;
  const atRef = signerWorkflow === undefined ? undefined : atAnyRef(signerWorkflow);
  const name = identity === undefined ? atRef : exact(filled(identity));
  if (name === undefined || (issuer === undefined && caRoots === undefined)) {
    throw new UsageError('The signature settings name neither a key nor both an identity and an issuer.');
  }
  const claims: Partial<Record<ClaimName, NameMatch>> = {};
  if (atRef !== undefined) claims.buildSignerUri = atRef;
  for (const [claim, value] of entriesOf(section.claims)) claims[claim] = exact(filled(value));
  return {
    kind: 'certificate',
    identity: name,
    identityType: identityType ?? (name.kind === 'exact' ? identityTypeOf(name.value) : 'uri'),
    issuer: issuer === undefined ? 'absent' : exact(issuer),
    sct,
    ...(unprovenTime ? { time: 'now' as const } : {}),
    ...(digestOid === undefined ? {} : { digestOid }),
    claims,
  };
}

function entriesOf(claims: SignatureSection['claims']): readonly (readonly [ClaimName, string])[] {
  const names = Object.keys(claims ?? {}) as readonly ClaimName[];
  return names.flatMap((name) => {
    const value = claims?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

function attestedOf(
  { predicateTypes, provenance: stated }: SignatureSection,
  filled: (text: string) => string,
): Pick<SignaturePolicy, 'predicateTypes' | 'provenance'> {
  if (stated === undefined) return predicateTypes === undefined ? {} : { predicateTypes };
  const { builder, sourceRef, ...rest } = stated;
  const provenance: ProvenancePolicy = {
    ...withoutGaps(rest),
    ...(sourceRef === undefined ? {} : { sourceRef: filled(sourceRef) }),
    ...(builder === undefined ? {} : { builder: orAtAnyRef(builder) }),
  };
  return { predicateTypes: predicateTypes ?? PROVENANCE_TYPES, provenance };
}

type Stated = Pick<ProvenancePolicy, 'sourceRepository' | 'sourceDigest' | 'workflow' | 'runner'>;

function withoutGaps(given: { readonly [Key in keyof Stated]: Stated[Key] | undefined }): Stated {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
