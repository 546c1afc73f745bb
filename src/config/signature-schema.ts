import { z } from 'zod';
import { CLAIM_NAMES, IDENTITY_TYPES } from '../signature/policy.ts';
import { flag, repositoryPath, semanticVersion, TARGET_TOKENS, text } from './scalars.ts';

/** Who must have signed: the plugin, and the previous release. */

const exact = (description: string) => text(`${description} Exact, never a pattern.`);
const workflow = text(
  'A workflow in full, without ref, such as https://github.com/org/repo/.github/workflows/release.yml.',
).regex(/^https:\/\/[^/\s@]+\/[^/\s@]+\/[^/\s@]+\/[^@\s]+\.ya?ml$/, {
  error: 'expected a workflow without ref, such as https://github.com/org/repo/.github/workflows/release.yml',
});
const ARTIFACT_TOKENS = [...TARGET_TOKENS, 'artifact'];

const provenanceSchema = z
  .strictObject({
    builder: exact('Id of the builder; with any ref behind it when it is given without one.').optional(),
    sourceRepository: exact('Repository that was built: https://github.com/org/repo.').optional(),
    sourceRef: exact('Ref that was built, such as refs/tags/v1.2.3; {version} is replaced.').optional(),
    sourceDigest: text('Commit that was built.')
      .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, { error: 'expected a commit in lower-case hexadecimal digits' })
      .optional(),
    workflow: workflow.optional(),
    runner: z
      .literal('github-hosted', { error: 'expected github-hosted; without the key, all runners are accepted' })
      .meta({ description: 'Refuse runners of the project itself.' })
      .optional(),
  })
  .meta({ description: 'What a SLSA provenance (v0.2 or v1) must state.' });

const shape = {
  bundle: repositoryPath('Sigstore bundle of the artifact, or several, one a line.', ARTIFACT_TOKENS).optional(),
  key: repositoryPath('Public key (PEM) that the signature must verify with.').optional(),
  gpgKey: repositoryPath(
    'OpenPGP public keys that may sign (gpg --export, armored or binary), with a detached signature.',
  ).optional(),
  signature: repositoryPath(
    'Detached signature of the artifact, made with the key, an OpenPGP key or the certificate.',
    ARTIFACT_TOKENS,
  ).optional(),
  certificate: repositoryPath(
    "The signer's certificate for a detached signature, with its intermediates (PEM).",
    ARTIFACT_TOKENS,
  ).optional(),
  identity: text(
    'Exact identity of the signer in the certificate: the URI of a workflow, an e-mail address, a SPIFFE id. Never a pattern; {version} is replaced.',
  ).optional(),
  identityType: z
    .enum(IDENTITY_TYPES, { error: `expected ${IDENTITY_TYPES.join(', ')}` })
    .meta({ description: 'Kind of name in the certificate; told by the form of the identity unless given.' })
    .optional(),
  signerWorkflow: workflow
    .meta({ description: 'Workflow that signed, at any ref; in place of the identity, or besides.' })
    .optional(),
  issuer: text('Exact URL of the issuer that vouches for the identity.')
    .regex(/^https:\/\/[^\s]+$/, {
      error: 'expected the URL of the issuer, such as https://token.actions.githubusercontent.com',
    })
    .optional(),
  claims: z
    .partialRecord(z.enum(CLAIM_NAMES), exact('Value; {version} is replaced.'), {
      error: 'expected claims and values such as { sourceRepositoryUri: "https://github.com/org/repo" }',
    })
    .meta({ description: 'Facts about the job that the certificate must state (Fulcio extensions).' })
    .optional(),
  digestOid: text("Type of otherName in the certificate that must hold the artifact's SHA-256, an OID of your own.")
    .regex(/^[0-2](?:\.(?:0|[1-9][0-9]*))+$/, { error: 'expected an object identifier, such as 1.3.6.1.4.1.99999.1' })
    .optional(),
  predicateTypes: z
    .array(exact('A predicate type, such as https://slsa.dev/provenance/v1.'), {
      error: 'expected a list such as ["https://slsa.dev/provenance/v1"]',
    })
    .min(1, { error: 'expected at least one predicate type' })
    .max(20, { error: 'expected at most 20 predicate types' })
    .meta({ description: 'The signature must be an attestation of one of these types.' })
    .optional(),
  provenance: provenanceSchema.optional(),
  trustedRoot: repositoryPath('Trusted root of the Sigstore instance (JSON), in place of the public one.').optional(),
  offline: flag(
    'Make no connection: use the public root that is built in. Without it, the current one is asked for.',
  ).default(false),
  log: z
    .enum(['required', 'optional'], { error: 'expected required or optional' })
    .meta({
      description:
        'Whether a transparency log entry is needed; one that is there must hold either way. Unless given: required, but optional with key or caRoots.',
    })
    .optional(),
  sct: z
    .enum(['required', 'waived'], { error: 'expected required or waived' })
    .meta({
      description:
        'Whether the certificate must be in a certificate transparency log; waived only with a trustedRoot of your own, such as that of GitHub.',
    })
    .default('required'),
  caRoots: repositoryPath('Roots of an authority of your own (PEM), in place of the issuer.').optional(),
  caIntermediates: repositoryPath('Intermediates of that authority (PEM).').optional(),
  timestampAuthority: repositoryPath(
    'A timestamp authority of your own: its certificate and those above it (PEM).',
  ).optional(),
  unprovenTime: flag(
    'With caRoots: accept a certificate that is valid now, where nothing proves when it was used.',
  ).default(false),
};

/** Keys that name the signer by a certificate, and have no meaning with a key. */
export const CERTIFICATE_KEYS = [
  'certificate',
  'identity',
  'identityType',
  'signerWorkflow',
  'issuer',
  'claims',
  'digestOid',
  'caRoots',
  'caIntermediates',
] as const;

/** Keys that ask for what a detached OpenPGP signature does not have. */
export const GPG_EXCLUDES = [
  'key',
  'bundle',
  ...CERTIFICATE_KEYS,
  'predicateTypes',
  'provenance',
  'trustedRoot',
  'log',
  'timestampAuthority',
] as const;

const required = (...keys: readonly string[]) => ({ required: keys });

/** The conditions between keys of check-signature.ts, as far as a schema can say them. */
const WITH_KEY = {
  required: ['key'],
  oneOf: [required('signature'), required('bundle')],
  not: { anyOf: ['gpgKey', ...CERTIFICATE_KEYS].map((name) => required(name)) },
};
const WITH_GPG_KEY = {
  required: ['gpgKey', 'signature'],
  not: { anyOf: GPG_EXCLUDES.map((name) => required(name)) },
};
const WITH_CERTIFICATE = {
  not: { anyOf: [required('key'), required('gpgKey')] },
  allOf: [
    { oneOf: [required('bundle'), required('signature')] },
    { anyOf: [required('identity'), required('signerWorkflow')] },
    { anyOf: [required('issuer'), required('caRoots')] },
  ],
  dependentRequired: { signature: ['certificate'], certificate: ['signature'], caIntermediates: ['caRoots'] },
};

export const signatureSchema = z
  .strictObject({ required: flag('A plugin without a valid signature fails the gate.').default(true), ...shape })
  .meta({
    description:
      'Who must have signed the artifact: a Sigstore `bundle` (or `signature` and `certificate`) with `identity` or `signerWorkflow` and `issuer` or `caRoots`; or a `key` with a detached `signature` or a `bundle`; or a `gpgKey` with a detached OpenPGP `signature`.',
    oneOf: [WITH_KEY, WITH_GPG_KEY, WITH_CERTIFICATE],
  });

export const baselineSignatureSchema = z.strictObject(shape).meta({
  description:
    'Who must have signed the previous release: it is verified before it is compared with. Keys as in `signature`; {version} is its version, {artifact} its path. With `oci` and without `bundle` and `signature`, the signatures that the registry has.',
});

export const rollbackSchema = z
  .strictObject({
    floor: semanticVersion('Versions below this one are refused.').optional(),
    ledger: repositoryPath(
      'Releases so far, as JSON Lines: {"plugin":"greet","target":"linux/amd64","version":"1.2.0","digest":"sha256:..."}.',
    ).optional(),
  })
  .meta({
    description: 'Against rollback: what was released before, or is older, is not released again.',
    anyOf: [required('floor'), required('ledger')],
  });
