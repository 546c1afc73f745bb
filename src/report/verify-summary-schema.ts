import { z } from 'zod';
import { verifySchema } from './verify-schema.ts';

/** The shape of `plugin-gate/verify-summary/v1`. zod is large: import this file only where the schema itself is needed. */

const text = z.string();
const { file, verdict, findings, evidence } = verifySchema.shape;

export const verifySummarySchema = z
  .strictObject({
    schema: z.literal('plugin-gate/verify-summary/v1'),
    file,
    verdict,
    findings: z
      .array(findings.element.extend({ rule: z.string().regex(/^(?:sig|oci|verdict)\//) }))
      .meta({ description: 'Empty exactly when verified.' }),
    summary: z
      .strictObject({
        verifier: text.optional().meta({ description: 'URI of who judged.' }),
        result: text.optional().meta({ description: 'PASSED or FAILED.' }),
        time: text.optional().meta({ description: 'When it was judged.' }),
        resource: text.optional().meta({ description: 'URI of the artifact.' }),
        policy: text.optional().meta({ description: 'sha256 of what was asked of the plugin.' }),
        levels: z.array(text),
      })
      .optional()
      .meta({ description: 'What the gate stated; absent when the signature was refused.' }),
    evidence,
  })
  .meta({ title: 'Result of plugin-gate verify --summary, version 1' });

/** JSON Schema 2020-12, as published in schema/verify-summary.v1.json. */
export function verifySummaryJsonSchema(): unknown {
  return z.toJSONSchema(verifySummarySchema, { target: 'draft-2020-12' });
}
