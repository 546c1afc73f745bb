import { z } from 'zod';
import { PHASES } from '../loader/model.ts';
import { SANDBOX_PROFILES } from '../loader/sandbox.ts';

/** The shape of `plugin-gate/load/v1`. zod is large: import this file only where the schema itself is needed. */

const phase = z.enum(PHASES);
const index = z.int().nonnegative().optional().meta({ description: 'Which probe, from 0.' });
const milliseconds = z.number().nonnegative();
const count = z.number().int().nonnegative();
const address = z.string().regex(/^0x[0-9a-f]+$/);
const signature = z.enum(['int(void)', 'void(void)', 'const char *(void)']);

const finding = z.strictObject({
  rule: z.string().regex(/^load\//),
  severity: z.enum(['error', 'warning', 'note', 'undecided']),
  subject: z.string().optional(),
  symbol: z.string().optional(),
  message: z.string(),
  fix: z.string().optional(),
  details: z.string().optional(),
});

const output = z
  .strictObject({
    text: z.string().meta({ description: 'Raw text of the plugin, its bytes as Latin-1; untrusted.' }),
    phases: z.array(z.strictObject({ phase, bytes: count })),
    bytes: count.meta({ description: 'Bytes printed in all.' }),
    cut: z.boolean(),
  })
  .meta({ description: 'What the plugin printed.' });

const evidence = z.strictObject({
  result: z
    .enum([
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
    ])
    .meta({ description: '`not-run`: nothing could run it, or the file did not pass the checks before loading.' }),
  loader: z
    .strictObject({
      machine: z.string(),
      libc: z.string(),
      libcVersion: z.string().optional(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      emulator: z.string().optional(),
    })
    .optional(),
  isolation: z
    .strictObject({
      recorded: z.boolean().meta({ description: 'Whether the system calls that matter were recorded.' }),
      processNamespace: z.boolean(),
      userNamespace: z.boolean(),
      systemCalls: z.boolean().meta({ description: 'Whether system calls were restricted.' }),
      files: z.boolean().meta({ description: 'Whether access to files was restricted.' }),
      landlock: count.meta({ description: 'ABI of Landlock that was in force; 0: none.' }),
      profile: z.enum(SANDBOX_PROFILES),
      kill: z.boolean().meta({ description: 'Whether a denied system call ended the process.' }),
    })
    .optional(),
  phases: z.array(
    z.strictObject({
      phase,
      index,
      startMs: milliseconds.meta({ description: 'Since the loader started, monotonic.' }),
      durationMs: milliseconds.optional().meta({ description: 'Absent for the phase in which the process ended.' }),
    }),
  ),
  objects: z
    .array(z.strictObject({ path: z.string(), phase }))
    .meta({ description: 'Files with code that were mapped: the plugin and what it brought.' }),
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
    }),
  ),
  states: z
    .array(
      z.strictObject({
        phase,
        index,
        residentKiB: count.optional(),
        virtualKiB: count.optional(),
        threads: count.optional(),
        descriptors: count.optional(),
        writableCode: count.optional().meta({ description: 'Mappings that are writable and executable at once.' }),
        position: z.enum(['expected', 'elsewhere', 'unknown']),
      }),
    )
    .meta({ description: 'The process as seen from outside after each phase.' }),
  calls: z
    .array(
      z.strictObject({
        phase,
        name: z.string(),
        detail: z.string().meta({ description: 'What it is about: a path, an address; untrusted text.' }),
        writes: z.boolean(),
        process: z.boolean(),
        denied: z.boolean().meta({ description: 'The sandbox did not let it run.' }),
        index,
        object: z.string().optional(),
        callerOffset: address.optional(),
        function: z.string().optional(),
      }),
    )
    .meta({ description: 'System calls of the process, written down before they ran; at most 1000.' }),
  callCount: count,
  deniedCount: count,
  unload: z.strictObject({ closed: z.boolean(), mapped: z.boolean(), reasons: z.array(z.string()) }).optional(),
  error: z.string().optional().meta({ description: 'What dlopen said.' }),
  ending: z
    .strictObject({
      phase,
      index,
      expected: z.boolean(),
      how: z.enum(['exit', 'signal', 'timeout', 'stopped', 'interfered', 'cancelled', 'denied']),
      code: z.int().optional(),
      signal: z.string().optional(),
    })
    .optional(),
  crash: z
    .strictObject({
      phase,
      signal: z.string(),
      address,
      object: z.string().optional(),
      offset: address.optional(),
      function: z.string().optional(),
      callerOffset: address.optional(),
      stage: z.enum(['relocating', 'relocated', 'unknown']),
    })
    .optional()
    .meta({ description: 'Where it crashed, as the crashing process told: a diagnosis, no proof.' }),
  leftovers: z.array(z.strictObject({ process: count, name: z.string() })),
  interference: z.strictObject({ messages: count, closed: z.boolean() }).optional(),
  output: z.strictObject({ stdout: output, stderr: output }),
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
