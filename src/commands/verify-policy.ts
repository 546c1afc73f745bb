import { UsageError } from '../errors.ts';
import {
  atAnyRef,
  type CertificateSigner,
  IDENTITY_TYPES,
  type IdentityType,
  identityTypeOf,
  type KeySigner,
  type NameMatch,
  orAtAnyRef,
  PROVENANCE_TYPES,
  type ProvenancePolicy,
  type SignaturePolicy,
} from '../signature/policy.ts';

/** The options of `verify` that say who must have signed, as commander gives them. */
export interface PolicyOptions {
  readonly certificateIdentity?: string;
  readonly certificateIdentityRegexp?: string;
  readonly certificateIdentityType?: string;
  readonly certificateOidcIssuer?: string;
  readonly certificateOidcIssuerRegexp?: string;
  /** Path of the roots of an own authority. */
  readonly caRoots?: string;
  readonly signerWorkflow?: string;
  readonly sourceRepository?: string;
  readonly sourceRef?: string;
  readonly sourceDigest?: string;
  readonly builderId?: string;
  readonly denySelfHostedRunners?: boolean;
  readonly certificateDigestOid?: string;
  readonly predicateType?: readonly string[];
  readonly insecureIgnoreTlog?: boolean;
  readonly insecureIgnoreSct?: boolean;
  readonly insecureIgnoreTime?: boolean;
  readonly requireTlog?: boolean;
}

const exact = (value: string): NameMatch => ({ kind: 'exact', value });

function nameMatch(given: string | undefined, pattern: string | undefined, flag: string): NameMatch | undefined {
  if (given !== undefined && pattern !== undefined) {
    throw new UsageError(`Give either ${flag} or ${flag}-regexp, not both.`);
  }
  if (given !== undefined) return exact(given);
  return pattern === undefined ? undefined : { kind: 'pattern', pattern };
}

function identityType(given: string | undefined, identity: NameMatch): IdentityType {
  if (given !== undefined) {
    const type = IDENTITY_TYPES.find((each) => each === given);
    if (type === undefined) {
      throw new UsageError(`--certificate-identity-type is one of ${IDENTITY_TYPES.join(', ')}, not "${given}".`);
    }
    return type;
  }
  return identity.kind === 'exact' ? identityTypeOf(identity.value) : 'uri';
}

/** A workflow in full, without ref: `https://github.com/org/repo/.github/workflows/release.yml`. */
function workflowOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const full = /^[\w.-]+\/[\w.-]+\/.+/.test(given) ? `https://github.com/${given}` : given;
  if (!/^https:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+\/[^@\s]+\.ya?ml$/.test(full)) {
    throw new UsageError(
      `--signer-workflow "${given}" is not a workflow file: write org/repo/.github/workflows/release.yml, without ref.`,
    );
  }
  return full;
}

function repositoryOf(given: string | undefined): string | undefined {
  return given !== undefined && /^[\w.-]+\/[\w.-]+$/.test(given) ? `https://github.com/${given}` : given;
}

function issuerOf(options: PolicyOptions): CertificateSigner['issuer'] {
  const issuer = nameMatch(
    options.certificateOidcIssuer,
    options.certificateOidcIssuerRegexp,
    '--certificate-oidc-issuer',
  );
  if (issuer !== undefined) return issuer;
  // The authority itself vouches for the names that it issues.
  if (options.caRoots !== undefined) return 'absent';
  throw new UsageError(
    '--certificate-oidc-issuer is missing: an identity means nothing without the issuer that vouches for it. ' +
      'For GitHub Actions it is https://token.actions.githubusercontent.com.',
  );
}

function certificateSigner(options: PolicyOptions): CertificateSigner {
  const workflow = workflowOf(options.signerWorkflow);
  const identity =
    nameMatch(options.certificateIdentity, options.certificateIdentityRegexp, '--certificate-identity') ??
    (workflow === undefined ? undefined : atAnyRef(workflow));
  if (identity === undefined) {
    if (options.caRoots !== undefined) {
      throw new UsageError(
        '--certificate-identity is missing: an authority issues certificates for many. Name the one that must have signed.',
      );
    }
    if (options.certificateOidcIssuer === undefined && options.certificateOidcIssuerRegexp === undefined) {
      throw new UsageError(
        'Say who must have signed: --certificate-identity and --certificate-oidc-issuer, or --key, or --ca-roots and --certificate-identity. There is no default.',
      );
    }
    throw new UsageError('--certificate-identity is missing: an issuer alone vouches for many.');
  }
  const issuer = issuerOf(options);
  const repository = repositoryOf(options.sourceRepository);
  return {
    kind: 'certificate',
    identity,
    identityType: identityType(options.certificateIdentityType, identity),
    issuer,
    sct: options.insecureIgnoreSct === true ? 'waived' : 'required',
    ...(options.insecureIgnoreTime === true ? { time: 'now' as const } : {}),
    ...(options.certificateDigestOid === undefined ? {} : { digestOid: options.certificateDigestOid }),
    claims: {
      ...(workflow === undefined ? {} : { buildSignerUri: atAnyRef(workflow) }),
      ...(repository === undefined ? {} : { sourceRepositoryUri: exact(repository) }),
      ...(options.sourceRef === undefined ? {} : { sourceRepositoryRef: exact(options.sourceRef) }),
      ...(options.sourceDigest === undefined ? {} : { sourceRepositoryDigest: exact(options.sourceDigest) }),
      ...(options.denySelfHostedRunners === true ? { runnerEnvironment: exact('github-hosted') } : {}),
    },
  };
}

/**
 * What the provenance must state. Facts about the source are asked of the certificate as well; of the provenance only
 * where one is asked for.
 */
function provenanceOf(options: PolicyOptions): Pick<SignaturePolicy, 'provenance' | 'predicateTypes'> {
  const { builderId, sourceRef, sourceDigest, predicateType } = options;
  const named = predicateType === undefined ? {} : { predicateTypes: predicateType };
  const wanted = builderId !== undefined || predicateType?.some((type) => PROVENANCE_TYPES.includes(type)) === true;
  if (!wanted) return named;
  const repository = repositoryOf(options.sourceRepository);
  const provenance: ProvenancePolicy = {
    ...(builderId === undefined ? {} : { builder: orAtAnyRef(builderId) }),
    ...(repository === undefined ? {} : { sourceRepository: repository }),
    ...(sourceRef === undefined ? {} : { sourceRef }),
    ...(sourceDigest === undefined ? {} : { sourceDigest }),
    ...(options.denySelfHostedRunners === true ? { runner: 'github-hosted' as const } : {}),
  };
  const predicateTypes = predicateType ?? PROVENANCE_TYPES;
  return Object.keys(provenance).length === 0 ? { predicateTypes } : { predicateTypes, provenance };
}

const CERTIFICATE_ONLY: readonly (readonly [keyof PolicyOptions, string])[] = [
  ['certificateIdentity', '--certificate-identity'],
  ['certificateIdentityRegexp', '--certificate-identity-regexp'],
  ['certificateIdentityType', '--certificate-identity-type'],
  ['certificateOidcIssuer', '--certificate-oidc-issuer'],
  ['certificateOidcIssuerRegexp', '--certificate-oidc-issuer-regexp'],
  ['caRoots', '--ca-roots'],
  ['signerWorkflow', '--signer-workflow'],
  ['certificateDigestOid', '--certificate-digest-oid'],
  ['insecureIgnoreSct', '--insecure-ignore-sct'],
  ['insecureIgnoreTlog', '--insecure-ignore-tlog'],
  ['insecureIgnoreTime', '--insecure-ignore-time'],
];

/** Facts that a certificate states, or a provenance; a bare key with a plain signature states none. */
const STATED: readonly (readonly [keyof PolicyOptions, string])[] = [
  ['sourceRepository', '--source-repository'],
  ['sourceRef', '--source-ref'],
  ['sourceDigest', '--source-digest'],
  ['denySelfHostedRunners', '--deny-self-hosted-runners'],
];

const ATTESTED: readonly (readonly [keyof PolicyOptions, string])[] = [
  ['predicateType', '--predicate-type'],
  ['builderId', '--builder-id'],
  ['requireTlog', '--require-tlog'],
];

/**
 * The policy for a detached OpenPGP signature.
 * @throws UsageError for options that ask for what it cannot state
 */
export function openPgpPolicy(options: PolicyOptions, keys: Uint8Array, name: string): SignaturePolicy {
  const [, other] =
    [...CERTIFICATE_ONLY, ...STATED, ...ATTESTED].find(([option]) => options[option] !== undefined) ?? [];
  if (other !== undefined) {
    throw new UsageError(`${other} does not go with --gpg-key: an OpenPGP signature names its key, and nothing else.`);
  }
  return { signer: { kind: 'openpgp', keys, name }, log: 'optional' };
}

/**
 * The policy that the options describe. A certificate needs a log entry unless told otherwise; a key needs one only
 * when told so, because a signature in a file of its own cannot have one, and so does an authority of one's own.
 * @param pem the text of --key
 * @throws UsageError when nobody is named, or by two different ways
 */
export function policyOf(options: PolicyOptions, pem: string | undefined): SignaturePolicy {
  const attested = provenanceOf(options);
  if (pem !== undefined) {
    const [, other] = CERTIFICATE_ONLY.find(([name]) => options[name] !== undefined) ?? [];
    if (other !== undefined) throw new UsageError(`${other} does not go with --key: a key names its signer by itself.`);
    const [, stated] = STATED.find(([name]) => options[name] !== undefined) ?? [];
    if (stated !== undefined && attested.provenance === undefined) {
      throw new UsageError(
        `${stated} does not go with --key alone: only a provenance states it (--predicate-type ${PROVENANCE_TYPES[0]}).`,
      );
    }
    const signer: KeySigner = { kind: 'key', pem };
    return { signer, log: options.requireTlog === true ? 'required' : 'optional', ...attested };
  }
  if (options.requireTlog === true && options.insecureIgnoreTlog === true) {
    throw new UsageError('--require-tlog and --insecure-ignore-tlog contradict each other.');
  }
  if (options.insecureIgnoreTime === true && options.caRoots === undefined) {
    throw new UsageError(
      '--insecure-ignore-time goes only with --ca-roots: certificates that live for minutes mean nothing without a time.',
    );
  }
  const own = options.caRoots !== undefined && options.requireTlog !== true;
  const log = options.insecureIgnoreTlog === true || own ? 'optional' : 'required';
  return { signer: certificateSigner(options), log, ...attested };
}
