import { type Fault, valueAt } from './issues.ts';
import type { DataPath } from './problem.ts';
import { CERTIFICATE_KEYS, GPG_EXCLUDES } from './signature-schema.ts';

/** The predicate types that `provenance` is about; see src/signature/policy.ts. */
const PROVENANCE = /^https:\/\/slsa\.dev\/provenance\/v(?:1|0\.2)$/;

/**
 * Conditions between the keys of a signature section, on the data as it was read.
 * @param registry the signatures may also be those of a registry
 */
export function checkSignature(data: unknown, at: DataPath, registry = false): Fault[] {
  const section = valueAt(data, at);
  if (typeof section !== 'object' || section === null || Array.isArray(section)) return [];
  const given = (name: string): boolean => valueAt(data, [...at, name]) !== undefined;
  const need = (name: string, because: string): Fault[] =>
    given(name) ? [] : [{ path: at, at: 'key', message: `${name} is missing: ${because}` }];
  const say = (name: string, message: string): Fault[] =>
    given(name) ? [{ path: [...at, name], at: 'key', message }] : [];
  const faults = given('provenance') ? provenanceFaults(data, at) : [];

  if (given('gpgKey')) {
    return [
      ...faults,
      ...need('signature', 'gpgKey checks a detached OpenPGP signature'),
      ...GPG_EXCLUDES.flatMap((name) => say(name, 'does not go with gpgKey, whose signatures name a key and no more')),
    ];
  }
  const certified = CERTIFICATE_KEYS.some(given) || given('bundle');
  if (given('key') || (given('signature') && !certified)) {
    return [
      ...faults,
      ...need('key', 'a detached signature is checked with a public key'),
      ...(given('bundle') || registry ? [] : need('signature', 'a key checks a detached signature, or a bundle')),
      ...(given('signature') ? say('bundle', 'does not go with signature, which is one in a file of its own') : []),
      ...CERTIFICATE_KEYS.flatMap((name) => say(name, 'does not go with key: either a key or a certificate')),
    ];
  }
  const unnamed = !given('signerWorkflow');
  const own = given('caRoots');
  const extra = [
    ...(own ? [] : say('caIntermediates', 'is of an authority of your own: give its caRoots')),
    ...(own || valueAt(data, [...at, 'unprovenTime']) !== true
      ? []
      : say('unprovenTime', 'goes only with caRoots: certificates that live for minutes mean nothing without a time')),
  ];
  if (valueAt(data, [...at, 'sct']) === 'waived' && !given('trustedRoot')) {
    extra.push(...say('sct', 'can be waived only for an instance of your own: give its trustedRoot'));
  }
  if (!certified && !registry) {
    const message =
      'says nothing about who signs; expected bundle with identity and issuer, key with signature, or gpgKey with signature';
    return [...faults, ...extra, { path: at, at: 'key', message }];
  }
  const parted = given('signature') || given('certificate');
  return [
    ...faults,
    ...extra,
    ...(parted || registry ? [] : need('bundle', 'the identity is in the certificate of a Sigstore bundle')),
    ...(parted && !given('bundle')
      ? [
          ...need('signature', 'a certificate alone signs nothing'),
          ...need('certificate', 'a signature without key and certificate names no signer'),
        ]
      : []),
    ...(unnamed ? need('identity', 'a bundle proves who signed, so say who may; there is no default') : []),
    ...(own ? [] : need('issuer', 'an identity means nothing without the issuer that vouches for it')),
    ...(given('bundle') ? say('signature', 'does not go with bundle, which holds the signature') : []),
    ...(given('bundle') ? say('certificate', 'does not go with bundle, which holds the certificate') : []),
  ];
}

function provenanceFaults(data: unknown, at: DataPath): Fault[] {
  const types = valueAt(data, [...at, 'predicateTypes']);
  if (types === undefined) return [];
  const items: readonly unknown[] = Array.isArray(types) ? types : [];
  if (items.some((type) => typeof type === 'string' && PROVENANCE.test(type))) return [];
  const message = 'is about a SLSA provenance, and predicateTypes accepts none (https://slsa.dev/provenance/v1)';
  return [{ path: [...at, 'provenance'], at: 'key', message }];
}
