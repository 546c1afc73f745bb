import { z } from 'zod';
import { CLAIM_NAMES } from '../signature/policy.ts';

/** The shape of `plugin-gate/verify/v1`. zod is large: import this file only where the schema itself is needed. */

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 of the bytes, in lower-case hexadecimal.' });
const time = z.iso.datetime().meta({ description: 'UTC.' });

const finding = z.strictObject({
  rule: z.string().regex(/^(?:sig|oci)\//),
  severity: z.enum(['error', 'undecided']),
  message: z.string().meta({ description: 'What was expected, and what was found.' }),
  subject: z.string().optional(),
  fix: z.string().optional(),
  details: z.string().optional().meta({ description: 'How to look at it, or the words of the verifier.' }),
});

const certificate = z.strictObject({
  kind: z.literal('certificate'),
  fingerprint: digest,
  names: z.array(
    z.strictObject({
      type: z.enum(['uri', 'email', 'dns', 'ip', 'directory', 'other-name', 'registered-id', 'x400', 'edi-party']),
      value: z.string(),
    }),
  ),
  issuer: z.string().optional(),
  legacyIssuer: z.string().optional(),
  claims: z.partialRecord(z.enum(CLAIM_NAMES), z.string()),
  extendedKeyUsage: z.array(z.string()).meta({ description: 'OIDs.' }),
  notBefore: time,
  notAfter: time,
});

const key = z.strictObject({
  kind: z.literal('key'),
  algorithm: z.string(),
  fingerprint: digest.meta({ description: 'Of the SubjectPublicKeyInfo in DER.' }),
});

const openPgp = z.strictObject({
  kind: z.literal('openpgp'),
  algorithm: z.string(),
  fingerprint: z.string().meta({ description: 'Of the primary OpenPGP key.' }),
  signingKey: z.string().meta({ description: 'Fingerprint of the subkey that signed.' }).optional(),
  userId: z.string().optional(),
  claimedTime: time.meta({ description: 'When it was signed, as the signer says.' }).optional(),
});

const provenance = z
  .strictObject({
    builder: z.string().optional(),
    buildType: z.string().optional(),
    sourceRepository: z.string().optional(),
    sourceRef: z.string().optional(),
    sourceDigest: z.string().optional(),
    workflow: z.string().optional(),
    runner: z.string().optional(),
  })
  .meta({ description: 'What a SLSA provenance states, each only when it states it once and clearly.' });

export const verifySchema = z
  .strictObject({
    schema: z.literal('plugin-gate/verify/v1'),
    file: z.string().meta({ description: 'As given: a path, or a digest.' }),
    verdict: z.enum(['verified', 'refused', 'undecided']),
    findings: z.array(finding).meta({ description: 'Empty exactly when verified.' }),
    evidence: z
      .strictObject({
        verified: z.boolean(),
        artifact: z.strictObject({ digest, size: z.int().nonnegative().optional() }),
        signature: z.strictObject({
          form: z.enum(['bundle', 'detached', 'none']),
          name: z.string().optional(),
          digest: digest.optional(),
          mediaType: z.string().optional(),
          content: z.enum(['message', 'attestation']).optional(),
          line: z.int().positive().optional().meta({ description: 'Which bundle of a file with several, from 1.' }),
          lines: z.int().positive().optional(),
        }),
        signer: z.discriminatedUnion('kind', [certificate, key, openPgp]).optional(),
        times: z.array(z.strictObject({ source: z.enum(['log', 'timestamp-authority']), time })),
        logEntries: z.array(
          z.strictObject({
            log: z.string().optional(),
            logId: z.string().regex(/^(?:[0-9a-f]{2})*$/),
            index: z.string(),
            kind: z.string(),
            integratedTime: time.optional(),
          }),
        ),
        statement: z
          .strictObject({
            predicateType: z.string(),
            subject: z.string().optional(),
            subjects: z.int().nonnegative(),
            provenance: provenance.optional(),
          })
          .optional(),
        trust: z.strictObject({ source: z.string(), digest }).optional(),
        authority: z
          .strictObject({ source: z.string(), digest })
          .optional()
          .meta({ description: 'The own authority that the certificate was checked against.' }),
      })
      .meta({
        description:
          'What was looked at. When `verified` is false, everything but artifact, signature file and trust is only what the signature claims. Absent when nothing could be looked at.',
      })
      .optional(),
    oci: z
      .strictObject({
        reference: z.string(),
        resolved: digest.meta({ description: 'Of what the tag or digest names.' }),
        manifest: digest,
        platform: z.string().optional(),
        file: z.strictObject({ path: z.string(), layer: digest, digest, size: z.int().nonnegative() }).optional(),
      })
      .optional()
      .meta({ description: 'The way from a registry to what was judged; every digest was computed from the content.' }),
  })
  .meta({ title: 'Result of plugin-gate verify, version 1' });

/** JSON Schema 2020-12, as published in schema/verify.v1.json. */
export function verifyJsonSchema(): unknown {
  return z.toJSONSchema(verifySchema, { target: 'draft-2020-12' });
}
