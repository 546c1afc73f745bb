import { z } from 'zod';
import { SANDBOX_PROFILES } from '../../loader/sandbox.ts';
import { address, count, index, location, milliseconds, phase } from './scalars.ts';

/** What was seen of a process from outside: the same for a plugin and for a Go host. */

export const call = z.strictObject({
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

export const isolation = z
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

export const phases = z.array(
  z.strictObject({
    phase,
    index,
    startMs: milliseconds.meta({ description: 'Since the loader started, monotonic.' }),
    durationMs: milliseconds.optional().meta({ description: 'Absent for the phase in which the process ended.' }),
  }),
);

export const objects = z
  .array(z.strictObject({ path: z.string(), phase }))
  .meta({ description: 'Files with code that were mapped: the plugin and what it brought.' });

export const states = z
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

export const calls = z.array(call).meta({
  description:
    'System calls of the process, written down before they ran; at most 1000 that read files, 1000 others, and 200 denied ones.',
});

export const ending = z
  .strictObject({
    phase,
    index,
    expected: z.boolean(),
    how: z.enum(['exit', 'signal', 'timeout', 'stopped', 'interfered', 'cancelled', 'denied']),
    code: z.int().optional(),
    signal: z.string().optional(),
  })
  .optional();

export const audit = z
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

export const leftovers = z.array(z.strictObject({ process: count, name: z.string() }));

export const interference = z
  .strictObject({ messages: count, closed: z.boolean(), unblocked: z.boolean().optional() })
  .optional();

export const code = z
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

export const descriptorChanges = z
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
