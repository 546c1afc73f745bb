import { z } from 'zod';
import { goEvidence } from './load/go-schema.ts';
import {
  audit,
  call,
  calls,
  code,
  descriptorChanges,
  ending,
  interference,
  isolation,
  leftovers,
  objects,
  phases,
  states,
} from './load/process-schema.ts';
import { address, count, location, milliseconds, phase, signature } from './load/scalars.ts';

/** The shape of `plugin-gate/load/v1`. zod is large: import this file only where the schema itself is needed. */

const finding = z.strictObject({
  rule: z.string().regex(/^(load|swap|go)\//),
  severity: z.enum(['error', 'warning', 'note', 'undecided']),
  subject: z.string().optional(),
  symbol: z.string().optional(),
  location: z.strictObject({ file: z.string(), line: z.int(), column: z.int().optional() }).optional(),
  message: z.string(),
  fix: z.string().optional(),
  details: z.string().optional(),
});

const output = z
  .strictObject({
    text: z.string().meta({ description: 'Raw text of the plugin, read as UTF-8; untrusted.' }),
    phases: z.array(z.strictObject({ phase, bytes: count })),
    bytes: count.meta({ description: 'Bytes printed in all.' }),
    cut: z.boolean(),
  })
  .meta({ description: 'What the plugin printed.' });

const result = z.enum([
  'loaded',
  'refused',
  'crashed',
  'exited',
  'timeout',
  'stopped',
  'interfered',
  'denied',
  'supervisor-lost',
  'not-run',
]);

const measured = z.strictObject({
  openMs: milliseconds,
  residentKiB: count,
  threads: count,
  resolvers: count,
  constructors: count,
  goroutines: count.optional().meta({ description: 'That init functions of a Go plugin left running.' }),
});

const comparison = z
  .strictObject({
    result: result.meta({ description: 'What came of loading the previous release.' }),
    newCalls: z.array(call),
    newLibraries: z.array(z.string()),
    old: measured,
    new: measured,
  })
  .meta({ description: 'What the new release does that the previous one did not, under the same conditions.' });

const growth = z.strictObject({
  heapBytes: z.number(),
  residentKiB: z.number(),
  mappings: z.number(),
  descriptors: z.number(),
  threads: z.number(),
});

const swap = z
  .strictObject({
    acts: z.array(
      z.strictObject({
        name: z.string(),
        succeeded: z.boolean(),
        timeMs: milliseconds,
        text: z.string().optional(),
        number: z.int().optional(),
        foreign: z.string().optional().meta({ description: 'File whose code answered instead.' }),
        mapped: z.boolean().optional().meta({ description: 'Still in memory after dlclose.' }),
      }),
    ),
    served: z.strictObject({ old: count, new: count }),
    failed: count,
    longestGapMs: milliseconds.optional(),
    ended: z.boolean().meta({ description: 'Whether the process went through all of it.' }),
    how: z.string().optional(),
    signal: z.string().optional(),
    rules: z.literal('go').optional().meta({ description: 'Rehearsed in a Go host, where nothing is ever unloaded.' }),
    keptKiB: count.optional().meta({ description: 'Memory that the new release takes for as long as a Go host runs.' }),
  })
  .meta({ description: 'Rehearsal of a hot swap from the previous release, and back.' });

const evidence = z.strictObject({
  result: result.meta({
    description: '`not-run`: nothing could run it, or the file did not pass the checks before loading.',
  }),
  loader: z
    .strictObject({
      machine: z.string(),
      libc: z.string(),
      libcVersion: z.string().optional(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      emulator: z.string().optional(),
    })
    .optional(),
  isolation,
  phases,
  objects,
  symbols: z.array(
    z.strictObject({
      name: z.string(),
      found: z.boolean(),
      object: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
  probes: z.array(
    z.strictObject({
      symbol: z.string(),
      signature,
      found: z.boolean(),
      number: z.int().optional(),
      text: z.string().optional(),
      error: z.string().optional(),
      object: z.string().optional().meta({ description: 'File in whose memory the probe lies.' }),
    }),
  ),
  states,
  calls,
  callCount: count,
  deniedCount: count,
  unload: z.strictObject({ closed: z.boolean(), mapped: z.boolean(), reasons: z.array(z.string()) }).optional(),
  error: z.string().optional().meta({ description: 'What dlopen said.' }),
  ending,
  crash: z
    .strictObject({
      phase,
      signal: z.string(),
      address,
      object: z.string().optional(),
      offset: address.optional(),
      function: z.string().optional(),
      callerOffset: address.optional(),
      location: location.optional(),
      stage: z.enum(['relocating', 'relocated', 'unknown']),
    })
    .optional()
    .meta({ description: 'Where it crashed, as the crashing process told: a diagnosis, no proof.' }),
  trail: z
    .array(
      z
        .object({ time: milliseconds, event: z.string(), handle: count.optional() })
        .catchall(z.union([z.string(), z.number(), z.boolean()])),
    )
    .meta({ description: 'Everything that was seen, in its order; the fields besides depend on the event.' }),
  audit,
  constructors: z
    .array(
      z.strictObject({
        object: z.string(),
        address,
        function: z.string().optional(),
        location: location.optional(),
        durationMs: milliseconds.optional().meta({ description: 'Absent when it did not return.' }),
      }),
    )
    .optional()
    .meta({ description: 'Constructors in the order in which they ran, as the dynamic linker told.' }),
  outliving: z
    .strictObject({
      threads: count,
      object: z.string().optional(),
      function: z.string().optional(),
      location: location.optional(),
    })
    .optional()
    .meta({ description: 'Threads that still had to return into code that dlclose had taken away.' }),
  cycles: z
    .strictObject({
      count,
      growth: growth.optional(),
      control: growth.optional(),
      failed: z.strictObject({ round: count.optional(), text: z.string() }).optional(),
    })
    .optional()
    .meta({ description: 'Load and unload over and over: what each cycle leaves behind.' }),
  comparison: comparison.optional(),
  swap: swap.optional(),
  leftovers,
  interference,
  code,
  descriptorChanges,
  output: z.strictObject({ stdout: output, stderr: output }),
  go: goEvidence.optional(),
  durationMs: milliseconds,
});

export const loadSchema = z
  .strictObject({
    schema: z.literal('plugin-gate/load/v1'),
    file: z.string(),
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    verdict: z.enum(['loaded', 'failed', 'undecided']),
    summary: z.string(),
    findings: z.array(finding),
    evidence,
  })
  .meta({ title: 'Result of plugin-gate load, version 1' });

/** JSON Schema 2020-12, as published in schema/load.v1.json. */
export function loadJsonSchema(): unknown {
  return z.toJSONSchema(loadSchema, { target: 'draft-2020-12' });
}
