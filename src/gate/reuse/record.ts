import { z } from 'zod';
import type { DeepReadonly } from '../../config/schema.ts';
import { factsSchema, stepFindingSchema, versionAdviceSchema } from '../../report/schema.ts';
import { DIFF_VERDICTS } from '../../rules/effects.ts';

/**
 * What is kept of one plugin for one target. A record comes from a directory that others may have written to: it is
 * checked like any other input, and nothing in it is a judgement; policy and waivers judge what it says anew.
 */

export const RECORD_SCHEMA = 'plugin-gate/kept/v1';

/** Bytes of a record. */
export const LARGEST_RECORD = 16 * 1024 * 1024;
const MOST_LABELS = 50_000;
const MOST_SEEN = 20_000;

const text = z.string().max(65_536);
const name = z.string().max(4096);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const from = z.object({ time: z.iso.datetime(), commit: name.optional(), run: name.optional() });

/** What a step rests on: by a name for people, a digest or a short text. */
const labels = z
  .record(name, name)
  .refine((all) => Object.keys(all).length <= MOST_LABELS, { error: `more than ${MOST_LABELS} inputs` });

const seen = z.object({
  /** Files by absolute path: a digest, or null for one that was not there. */
  files: z.array(z.object({ path: name, digest: digest.nullable() })).max(MOST_SEEN),
  /** Paths of which it only mattered whether they are there. */
  there: z.array(z.object({ path: name, is: z.boolean() })).max(MOST_SEEN),
});

const added = z.object({
  compatibility: z.enum(DIFF_VERDICTS).optional(),
  versionAdvice: versionAdviceSchema.optional(),
  previous: z.object({ version: name.optional(), snapshotOf: name.optional() }).optional(),
  facts: factsSchema.optional(),
});

const result = z.object({
  findings: z.array(stepFindingSchema).max(20_000),
  summary: text,
  skipped: z.boolean(),
  evidence: z.unknown().optional(),
  added,
  seen,
  from,
  /** Files that a build made, the plugin first; paths from the configuration's directory. */
  files: z
    .array(z.object({ path: name, digest, mode: z.int().min(0).max(0o777) }))
    .max(2)
    .optional(),
});

const step = z.object({
  labels,
  result: result.optional(),
  /** Why there is no result: one clause. */
  open: text.optional(),
});

const record = z.object({
  schema: z.literal(RECORD_SCHEMA),
  scope: name,
  plugin: name,
  target: name,
  steps: z.object({
    build: step.optional(),
    read: step.optional(),
    compare: step.optional(),
    fit: step.optional(),
    load: step.optional(),
  }),
});

export type KeptRecord = DeepReadonly<z.output<typeof record>>;
export type KeptStep = DeepReadonly<z.output<typeof step>>;
export type KeptResult = DeepReadonly<z.output<typeof result>>;
export type KeptStepName = keyof KeptRecord['steps'];

/** @returns undefined for what is no record, or one of something else */
export function parseRecord(
  bytes: Uint8Array,
  of: { readonly scope: string; readonly plugin: string; readonly target: string },
): KeptRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = record.safeParse(value);
  if (!parsed.success) return undefined;
  const { scope, plugin, target } = parsed.data;
  return scope === of.scope && plugin === of.plugin && target === of.target ? parsed.data : undefined;
}

/** @returns undefined for one that would not be read again */
export function writeRecord(kept: KeptRecord): Uint8Array | undefined {
  const bytes = Buffer.from(`${JSON.stringify(kept, plainNumber)}\n`, 'utf8');
  return bytes.length > LARGEST_RECORD || parseRecord(bytes, kept) === undefined ? undefined : bytes;
}

/** As the JSON report has them: a 64-bit number as a number where that is exact. */
function plainNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
