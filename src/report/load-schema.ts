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

const location = z
  .strictObject({ file: z.string(), line: z.int() })
  .meta({ description: 'Line of the source, where debug information tells.' });

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
    text: z.string().meta({ description: 'Raw text of the plugin, its bytes as Latin-1; untrusted.' }),
    phases: z.array(z.strictObject({ phase, bytes: count })),
    bytes: count.meta({ description: 'Bytes printed in all.' }),
    cut: z.boolean(),
  })
  .meta({ description: 'What the plugin printed.' });

const call = z.strictObject({
  phase,
  name: z.string(),
  detail: z.string().meta({ description: 'What it is about: a path, an address; untrusted text.' }),
  writes: z.boolean(),
  process: z.boolean(),
  denied: z.boolean().meta({ description: 'The sandbox did not let it run.' }),
  file: z.string().optional().meta({ description: 'Real path of the file that it opens, where that is another.' }),
  found: z.boolean().optional().meta({ description: 'Whether the file that it opens was there.' }),
  own: z.boolean().optional().meta({ description: 'A signal to its own process.' }),
  index,
  object: z.string().optional(),
  callerOffset: address.optional(),
  function: z.string().optional(),
  location: location.optional(),
  arguments: z.string().optional().meta({ description: 'Its registers in words, for calls that have such.' }),
});

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

const goProbe = z.strictObject({
  symbol: z.string(),
  signature: z.string().optional(),
  number: z.number().optional(),
  text: z.string().optional(),
  error: z.string().optional(),
});

const isolation = z
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
  .optional();

const phases = z.array(
  z.strictObject({
    phase,
    index,
    startMs: milliseconds.meta({ description: 'Since the loader started, monotonic.' }),
    durationMs: milliseconds.optional().meta({ description: 'Absent for the phase in which the process ended.' }),
  }),
);

const objects = z
  .array(z.strictObject({ path: z.string(), phase }))
  .meta({ description: 'Files with code that were mapped: the plugin and what it brought.' });

const states = z
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
  .meta({ description: 'The process as seen from outside after each phase.' });

const calls = z.array(call).meta({
  description:
    'System calls of the process, written down before they ran; at most 1000 that read files, 1000 others, and 200 denied ones.',
});

const ending = z
  .strictObject({
    phase,
    index,
    expected: z.boolean(),
    how: z.enum(['exit', 'signal', 'timeout', 'stopped', 'interfered', 'cancelled', 'denied']),
    code: z.int().optional(),
    signal: z.string().optional(),
  })
  .optional();

const audit = z
  .strictObject({
    linker: z.boolean(),
    reason: z.string().optional(),
    cut: z.boolean().optional(),
    damage: z
      .string()
      .optional()
      .meta({ description: 'What is wrong with it, when it was begun and did not stay whole.' }),
  })
  .optional()
  .meta({ description: 'Whether the dynamic linker told what it did; if not, why.' });

const leftovers = z.array(z.strictObject({ process: count, name: z.string() }));

const interference = z
  .strictObject({ messages: count, closed: z.boolean(), unblocked: z.boolean().optional() })
  .optional();

const code = z
  .array(
    z.strictObject({
      phase,
      path: z.string().meta({ description: 'Empty for memory without a file.' }),
      writable: z.boolean().meta({ description: 'Writable and executable at once.' }),
      changed: z.boolean().meta({ description: 'Pages of its code were written to.' }),
      own: z.boolean().meta({ description: 'It is the plugin itself.' }),
      before: z.boolean().meta({ description: 'It was mapped before the plugin.' }),
    }),
  )
  .optional()
  .meta({
    description: 'Code in memory that is not what its file holds, or that can be written to, after each phase.',
  });

const descriptorChanges = z
  .array(
    z.strictObject({
      phase,
      number: count,
      what: z.enum(['closed', 'replaced', 'flags', 'added']),
      target: z.string(),
    }),
  )
  .optional()
  .meta({ description: 'Descriptors from before the plugin that were changed, and those that it left open.' });

const goEvidence = z
  .strictObject({
    result: z.enum([
      'opened',
      'refused',
      'crashed',
      'exited',
      'timeout',
      'stopped',
      'interfered',
      'denied',
      'supervisor-lost',
      'no-host',
    ]),
    reason: z.string().optional().meta({ description: 'Why there was no Go host.' }),
    toolchain: z.string().optional(),
    flags: z.array(z.string()).optional().meta({ description: 'Flags that the host was compiled with.' }),
    phase: z.enum(['open', 'symbols', 'probe']).optional().meta({ description: 'The phase that was begun last.' }),
    symbols: z.array(z.strictObject({ name: z.string(), kind: z.enum(['func', 'var']), type: z.string() })),
    types: z
      .array(
        z.strictObject({
          symbol: z.string(),
          name: z.string(),
          package: z.string(),
          size: count,
          layout: z.array(z.string()),
        }),
      )
      .meta({ description: 'Types that the symbols lead to, by reflection.' }),
    goroutines: count.optional().meta({ description: 'Goroutines that init functions left running.' }),
    probe: goProbe.optional(),
    moreProbes: z.array(goProbe).optional(),
    error: z.string().optional().meta({ description: 'What plugin.Open said.' }),
    exitCode: z.int().optional(),
    signal: z.string().optional(),
    stderr: z.string(),
    stdout: z.string(),
    process: z
      .strictObject({
        isolation,
        phases,
        objects,
        states,
        calls,
        callCount: count,
        deniedCount: count,
        ending,
        leftovers,
        interference,
        audit,
      })
      .optional()
      .meta({ description: "The host's process as it was seen from outside." }),
    openMs: milliseconds.optional(),
    compileMs: milliseconds.optional(),
  })
  .meta({
    description:
      'A Go plugin: what came of opening it in a Go host. Symbols, types and what probes gave are told by the process it runs in.',
  });

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
  isolation: isolation,
  phases: phases,
  objects: objects,
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
  states: states,
  calls: calls,
  callCount: count,
  deniedCount: count,
  unload: z.strictObject({ closed: z.boolean(), mapped: z.boolean(), reasons: z.array(z.string()) }).optional(),
  error: z.string().optional().meta({ description: 'What dlopen said.' }),
  ending: ending,
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
  audit: audit,
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
  leftovers: leftovers,
  interference: interference,
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
