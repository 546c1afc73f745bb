import { z } from 'zod';
import { PHASES } from '../../loader/model.ts';

/** Values that stand all over `plugin-gate/load/v1`. */

export const phase = z.enum(PHASES);

export const index = z.int().nonnegative().optional().meta({ description: 'Which probe, from 0.' });

export const milliseconds = z.number().nonnegative();

export const count = z.number().int().nonnegative();

export const address = z.string().regex(/^0x[0-9a-f]+$/);

export const signature = z.enum(['int(void)', 'void(void)', 'const char *(void)']);

export const location = z
  .strictObject({ file: z.string(), line: z.int() })
  .meta({ description: 'Line of the source, where debug information tells.' });
