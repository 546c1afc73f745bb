import { UsageError } from '../errors.ts';
import {
  type CertificateSigner,
  IDENTITY_TYPES,
  type IdentityType,
  identityTypeOf,
  type KeySigner,
  type NameMatch,
  type SignaturePolicy,
} from '../signature/policy.ts';

/** The options of `verify` that say who must have signed, as commander gives them. */
export interface PolicyOptions {
  readonly certificateIdentity?: string;
  readonly certificateIdentityRegexp?: string;
  readonly certificateIdentityType?: string;
  readonly certificateOidcIssuer?: string;
  readonly certificateOidcIssuerRegexp?: string;
  readonly sourceRepository?: string;
  readonly sourceRef?: string;
  readonly denySelfHostedRunners?: boolean;
  readonly certificateDigestOid?: string;
  readonly predicateType?: readonly string[];
  readonly insecureIgnoreTlog?: boolean;
  readonly insecureIgnoreSct?: boolean;
  readonly requireTlog?: boolean;
}

function nameMatch(exact: string | undefined, pattern: string | undefined, flag: string): NameMatch | undefined {
  if (exact !== undefined && pattern !== undefined) {
    throw new UsageError(`Give either ${flag} or ${flag}-regexp, not both.`);
  }
  if (exact !== undefined) return { kind: 'exact', value: exact };
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

function certificateSigner(options: PolicyOptions): CertificateSigner {
  const identity = nameMatch(options.certificateIdentity, options.certificateIdentityRegexp, '--certificate-identity');
  const issuer = nameMatch(
    options.certificateOidcIssuer,
    options.certificateOidcIssuerRegexp,
    '--certificate-oidc-issuer',
  );
  if (identity === undefined && issuer === undefined) {
    throw new UsageError(
      'Say who must have signed: --certificate-identity and --certificate-oidc-issuer, or --key. There is no default.',
    );
  }
  if (identity === undefined)
    throw new UsageError('--certificate-identity is missing: an issuer alone vouches for many.');
  if (issuer === undefined) {
    throw new UsageError(
      '--certificate-oidc-issuer is missing: an identity means nothing without the issuer that vouches for it. ' +
        'For GitHub Actions it is https://token.actions.githubusercontent.com.',
    );
  }
  const exact = (value: string): NameMatch => ({ kind: 'exact', value });
  return {
    kind: 'certificate',
    identity,
    identityType: identityType(options.certificateIdentityType, identity),
    issuer,
    sct: options.insecureIgnoreSct === true ? 'waived' : 'required',
    ...(options.certificateDigestOid === undefined ? {} : { digestOid: options.certificateDigestOid }),
    claims: {
      ...(options.sourceRepository === undefined ? {} : { sourceRepositoryUri: exact(options.sourceRepository) }),
      ...(options.sourceRef === undefined ? {} : { sourceRepositoryRef: exact(options.sourceRef) }),
      ...(options.denySelfHostedRunners === true ? { runnerEnvironment: exact('github-hosted') } : {}),
    },
  };
}

const CERTIFICATE_ONLY: readonly (readonly [keyof PolicyOptions, string])[] = [
  ['certificateIdentity', '--certificate-identity'],
  ['certificateIdentityRegexp', '--certificate-identity-regexp'],
  ['certificateIdentityType', '--certificate-identity-type'],
  ['certificateOidcIssuer', '--certificate-oidc-issuer'],
  ['certificateOidcIssuerRegexp', '--certificate-oidc-issuer-regexp'],
  ['sourceRepository', '--source-repository'],
  ['sourceRef', '--source-ref'],
  ['denySelfHostedRunners', '--deny-self-hosted-runners'],
  ['certificateDigestOid', '--certificate-digest-oid'],
  ['insecureIgnoreSct', '--insecure-ignore-sct'],
  ['insecureIgnoreTlog', '--insecure-ignore-tlog'],
];

/**
 * The policy that the options describe. A certificate needs a log entry unless told otherwise; a key needs one only
 * when told so, because a signature in a file of its own cannot have one.
 * @param pem the text of --key
 * @throws UsageError when nobody is named, or by two different ways
 */
export function policyOf(options: PolicyOptions, pem: string | undefined): SignaturePolicy {
  const predicateTypes = options.predicateType === undefined ? {} : { predicateTypes: options.predicateType };
  if (pem !== undefined) {
    const [, other] = CERTIFICATE_ONLY.find(([name]) => options[name] !== undefined) ?? [];
    if (other !== undefined) throw new UsageError(`${other} does not go with --key: a key names its signer by itself.`);
    const signer: KeySigner = { kind: 'key', pem };
    return { signer, log: options.requireTlog === true ? 'required' : 'optional', ...predicateTypes };
  }
  if (options.requireTlog === true && options.insecureIgnoreTlog === true) {
    throw new UsageError('--require-tlog and --insecure-ignore-tlog contradict each other.');
  }
  const log = options.insecureIgnoreTlog === true ? 'optional' : 'required';
  return { signer: certificateSigner(options), log, ...predicateTypes };
}
