import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import { isRuleId } from '../rules/catalogue.ts';
import { DIFF_VERDICTS } from '../rules/effects.ts';
import { STEPS } from '../rules/finding.ts';

/**
 * The shape of `plugin-gate/report/v1`. A report may come from an untrusted job (a pull request from a fork), so every
 * text and list has a limit. zod is large: import this file only where a report is read.
 */

const MAX_TEXT = 65_536;
const MAX_NAME = 4096;

const text = z.string().max(MAX_TEXT);
const name = z.string().max(MAX_NAME);
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative().meta({ description: 'Milliseconds.' });
const bytes = count.meta({ description: 'Bytes.' });
const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 of the bytes, in lower-case hexadecimal.' });

const status = z.enum(['pass', 'warn', 'fail', 'undecided', 'skipped']);
const step = z.enum(STEPS);

const location = z
  .object({ file: name, line: count.min(1), column: count.min(1).optional() })
  .meta({ description: 'A place in a source or configuration file, counted from 1.' });

const rule = z
  .string()
  .regex(/^[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/)
  .max(100)
  .meta({ description: 'Id of a rule of the catalogue; docs/rules.md describes each.' })
  .transform((id, context) => {
    if (isRuleId(id)) return id;
    context.addIssue({ code: 'custom', message: `this version of plugin-gate has no rule ${id}` });
    return z.NEVER;
  });

const finding = z
  .object({
    rule,
    severity: z.enum(['error', 'warning', 'note', 'undecided']),
    effect: z.enum(['compatible', 'risky', 'source-breaking', 'undecided', 'breaking']).optional(),
    blocks: z.boolean().meta({ description: 'Whether it makes the gate fail.' }),
    message: text,
    plugin: name.optional(),
    target: name.optional(),
    step: step.optional(),
    subject: name.optional().meta({ description: 'What the finding is about; waivers match it.' }),
    symbol: text.optional(),
    type: text.optional(),
    old: text.optional(),
    new: text.optional(),
    location: location.optional(),
    path: z.array(text).max(1000).optional().meta({ description: 'From an exported symbol to the changed place.' }),
    affected: z.array(text).max(100_000).optional().meta({ description: 'Exported symbols that reach the change.' }),
    fix: text.optional(),
    details: z.string().max(1_048_576).optional().meta({ description: 'More text: last lines of a build, a layout.' }),
    waiver: z
      .object({ reason: text, owner: name, expires: name })
      .optional()
      .meta({ description: 'Who accepted the finding, why, and until when.' }),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .meta({ description: 'Equal for the same finding in every run.' }),
  })
  .meta({ id: 'finding' });

/** A finding as a step made it: before policy and waivers, and without its place in the gate. */
export const stepFindingSchema = finding.omit({
  blocks: true,
  fingerprint: true,
  waiver: true,
  plugin: true,
  target: true,
  step: true,
});

const artifact = z.object({ file: name, digest, size: bytes });
const signedFile = z.object({ file: name, digest });
const sizes = z.object({ file: bytes, text: bytes, rodata: bytes, data: bytes, bss: bytes, debug: bytes });
const floors = z.record(name, name).meta({ description: 'Highest version needed, by library: GLIBC, GLIBCXX, ...' });

export const versionAdviceSchema = z.object({
  asks: z.enum(['major', 'minor', 'patch', 'none']),
  certain: z.boolean().meta({ description: 'false: parts of the comparison stayed undecided.' }),
  claimed: name.optional(),
  previous: name.optional(),
  least: name.optional().meta({ description: 'The lowest version that would do.' }),
  enough: z.boolean().optional().meta({ description: 'Whether the claimed version is that high.' }),
});

export const factsSchema = z.object({
  sizes: sizes.optional(),
  oldSizes: sizes.optional(),
  floors: floors.optional(),
  oldFloors: floors.optional(),
  oldest: z
    .object({ debian: name.nullable(), ubuntu: name.nullable(), rhel: name.nullable() })
    .optional()
    .meta({ description: 'Oldest release that can load it; null when none can.' }),
  exported: count.optional(),
  oldExported: count.optional(),
  loadMs: milliseconds.optional(),
});

const earlierRun = z.object({
  time: z.iso.datetime().meta({ description: 'When that run began, UTC.' }),
  commit: name.optional(),
  run: name.optional().meta({ description: 'The page of that run.' }),
});

const plugin = z
  .object({
    plugin: name,
    kind: z.enum(['go-plugin', 'c-shared', 'elf']),
    target: name.meta({ description: 'For example linux/amd64.' }),
    status,
    compatibility: z.enum(DIFF_VERDICTS).optional(),
    versionAdvice: versionAdviceSchema
      .optional()
      .meta({ description: 'What Semantic Versioning asks of the release for what changed.' }),
    artifact: artifact.optional(),
    baseline: artifact.extend({ source: text, version: name.optional() }).optional(),
    steps: z
      .array(
        z.object({
          step,
          status,
          durationMs: milliseconds,
          summary: text,
          evidence: z.unknown().optional().meta({ description: 'Facts of the step, for audits; may gain keys.' }),
          reuse: z.object({ reused: z.boolean(), why: text, from: earlierRun.optional() }).optional().meta({
            description: 'Whether the result is that of an earlier run, and why; only where results are kept.',
          }),
        }),
      )
      .max(100),
    verdict: z
      .object({
        result: z
          .enum(['passed', 'failed', 'undecided'])
          .meta({ description: 'Never passed for what is undecided, also where the policy lets that through.' }),
        policy: digest.meta({ description: 'Of all that was asked of the plugin; who deploys it can pin it.' }),
        resource: name.meta({ description: 'URI of the artifact in the verdict.' }),
        signer: name.optional().meta({ description: 'Who signed; absent when nobody did.' }),
        summary: signedFile.optional().meta({ description: 'The SLSA verification summary.' }),
        testResult: signedFile.optional().meta({ description: 'The in-toto test result.' }),
      })
      .optional()
      .meta({ description: 'What is signed and recorded; absent where the configuration asks for neither.' }),
    facts: factsSchema,
  })
  .meta({ id: 'plugin' });

export const reportSchema = z
  .object({
    schema: z.literal('plugin-gate/report/v1'),
    tool: z.object({ name: z.literal('plugin-gate'), version: name }),
    verdict: z.enum(['pass', 'fail', 'undecided']),
    headline: text,
    counts: z.object({
      error: count,
      undecided: count,
      warning: count,
      note: count,
      waived: count,
      blocking: count,
      off: count.optional().meta({ description: 'Findings of rules that the policy switched off; not listed.' }),
    }),
    startedAt: z.iso.datetime().meta({ description: 'UTC.' }),
    durationMs: milliseconds,
    config: z.object({ file: name, digest }),
    source: z.object({ repository: name.optional(), commit: name.optional(), ref: name.optional() }).optional(),
    policy: z
      .object({ commit: name, digest })
      .optional()
      .meta({ description: 'The base commit whose configuration judged; absent when the source judged itself.' }),
    shard: z
      .object({ plan: digest, id: name })
      .optional()
      .meta({ description: 'Which shard of which plan this is; absent for the whole.' }),
    cache: z
      .object({ note: text })
      .optional()
      .meta({ description: 'Why no result of an earlier run was taken, or none left for a later one.' }),
    plugins: z.array(plugin).max(50_000),
    findings: z.array(finding).max(250_000).meta({ description: 'Worst first.' }),
  })
  .meta({ title: 'Report of plugin-gate, version 1' });

/** JSON Schema 2020-12 of the report, as published in schema/report.v1.json. */
export function reportJsonSchema(): unknown {
  return z.toJSONSchema(reportSchema, { target: 'draft-2020-12', io: 'input' });
}

/**
 * A report that was made elsewhere, checked against the schema; unknown keys are dropped.
 * @param limit longest text that is read, in UTF-16 code units (64 Mi unless given)
 * @throws UsageError that names the first places that are wrong
 */
export function parseReport(json: string, limit = 64 * 1024 * 1024): GateReport {
  if (json.length > limit) throw new UsageError(`The report is longer than ${limit} characters; it is not read.`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UsageError(`The report is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = reportSchema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `  ${path.join('.') || '(top)'}: ${message}`);
  const more = result.error.issues.length - places.length;
  if (more > 0) places.push(`  and ${more} more`);
  throw new UsageError(`This is not a report of plugin-gate/report/v1:\n${places.join('\n')}`);
}
