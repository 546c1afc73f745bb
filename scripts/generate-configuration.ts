import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { configJsonSchema, waiversJsonSchema } from '../src/config/json-schema.ts';

/** As much of a JSON Schema as the page shows. */
interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly propertyNames?: Shape;
  readonly additionalProperties?: Shape | boolean;
}

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    description: z.string().optional(),
    default: z.unknown().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    properties: z.record(z.string(), shape).optional(),
    required: z.array(z.string()).optional(),
    items: shape.optional(),
    anyOf: z.array(shape).optional(),
    propertyNames: shape.optional(),
    additionalProperties: z.union([z.boolean(), shape]).optional(),
  }),
);

/** docs/configuration.md: the written part, then a table for each section of the schemas. */
export function configurationPage(): string {
  const written = readFileSync(new URL('./configuration-intro.md', import.meta.url), 'utf8');
  const config = shape.parse(configJsonSchema());
  const waivers = shape.parse(waiversJsonSchema());
  return [
    '<!-- Made from scripts/configuration-intro.md and src/config/ by scripts/generate.ts. Change those, not this page. -->',
    '',
    written.trimEnd(),
    '',
    '## All keys of plugin-gate.yml',
    '',
    ...tables('', config),
    '## All keys of the waivers file',
    '',
    ...tables('', waivers),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

/** Sections that a plugin may have of its own; they are shown once, as those for all plugins. */
const SHARED = new Set(['plugins[].baseline', 'plugins[].signature', 'plugins[].sandbox']);

/** The table of one mapping, then those of the mappings in it. */
function tables(path: string, section: Shape): string[] {
  const properties = Object.entries(section.properties ?? {});
  const required = new Set(section.required);
  const lines = path === '' ? [] : [`### \`${path}\``, '', section.description ?? '', ''];
  lines.push('| Key | Value | Default | Meaning |', '|---|---|---|---|');
  for (const [key, value] of properties) {
    const given = required.has(key) ? 'required' : defaultOf(value);
    lines.push(`| \`${key}\` | ${cell(formOf(value))} | ${cell(given)} | ${cell(value.description ?? '')} |`);
  }
  lines.push('');
  for (const [key, value] of properties) {
    const below = path === '' ? key : `${path}.${key}`;
    if (SHARED.has(below)) continue;
    if (value.properties !== undefined) lines.push(...tables(below, value));
    else if (value.items?.properties !== undefined) lines.push(...tables(`${below}[]`, value.items));
  }
  return lines;
}

function formOf(value: Shape): string {
  if (value.const !== undefined) return `\`${String(value.const)}\``;
  if (value.enum !== undefined)
    return value.enum.length > 20 ? 'id of a rule' : value.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (value.anyOf?.some(({ items }) => items !== undefined)) return 'list of words, or list of such lists';
  if (value.items !== undefined) return `list of ${formOf(value.items)}`;
  if (value.properties !== undefined) return 'keys below';
  if (value.propertyNames?.enum !== undefined) return 'rules and their levels';
  if (value.type === 'object') return 'names and values';
  if (value.type === 'string') return 'text';
  if (value.type === 'boolean') return '`true` or `false`';
  return value.type === 'integer' ? 'whole number' : (value.type ?? 'text');
}

function defaultOf({ default: value }: Shape): string {
  if (value === undefined || value === '') return '';
  return typeof value === 'object' && Object.keys(value ?? {}).length === 0 ? '' : `\`${String(value)}\``;
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/(^|[^`\\])\*/g, '$1\\*')
    .replaceAll('<', '&lt;');
}
