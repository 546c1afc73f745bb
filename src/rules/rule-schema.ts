import { z } from 'zod';
import { STEPS } from './finding.ts';

const text = z.string().min(1);

/** What `explain --format json` prints. Only for the published schema and its tests; the command does not load it. */
const ruleSchema = z
  .strictObject({
    schema: z.literal('plugin-gate/rule/v1'),
    id: text.regex(/^[a-z]+\/[a-z0-9-]+$/).meta({ description: 'Family and name, such as sym/removed.' }),
    title: text,
    severity: z.enum(['error', 'warning', 'note', 'undecided']).meta({ description: 'Unless the policy changes it.' }),
    step: z.enum([...STEPS, 'config']).meta({ description: 'The step that raises it.' }),
    why: text.meta({ description: 'What happens in production if it is ignored.' }),
    fix: text.meta({ description: 'How to fix it in general.' }),
    controls: z
      .array(z.strictObject({ framework: text, id: text, title: text }))
      .meta({ description: 'Public controls for which the rule gives evidence; never a claim that they are met.' }),
  })
  .meta({ title: 'A rule of plugin-gate' });

/** JSON Schema 2020-12 of one rule, as published in schema/rule.v1.json. */
export function ruleJsonSchema(): object {
  return z.toJSONSchema(ruleSchema, { target: 'draft-2020-12' });
}
