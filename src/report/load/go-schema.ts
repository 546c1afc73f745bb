import { z } from 'zod';
import { audit, calls, ending, interference, isolation, leftovers, objects, phases, states } from './process-schema.ts';
import { count, milliseconds } from './scalars.ts';

const goProbe = z.strictObject({
  symbol: z.string(),
  signature: z.string().optional(),
  number: z.number().optional(),
  text: z.string().optional(),
  error: z.string().optional(),
});

export const goEvidence = z
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
