import { z } from 'zod';
import { configSchema } from './schema.ts';
import { waiversSchema } from './waivers.ts';

/** JSON Schema 2020-12 of the configuration file, as published in schema/config.v1.json. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' });
}

/** JSON Schema 2020-12 of the waivers file, as published in schema/waivers.v1.json. */
export function waiversJsonSchema(): object {
  return z.toJSONSchema(waiversSchema, { target: 'draft-2020-12', io: 'input' });
}
