import { z } from 'zod';
import type { DataPath } from './problem.ts';
import { suggest } from './suggest.ts';

/** What zod found, in words, still without its line. */
export interface Fault {
  readonly path: DataPath;
  readonly at: 'key' | 'value';
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** What zod's own words become where a schema gave none. */
const EXPECTED: Readonly<Record<string, string>> = {
  object: 'expected keys and values',
  record: 'expected keys and values',
  array: 'expected a list',
  string: 'expected a text',
  boolean: 'expected true or false',
  number: 'expected a number',
  int: 'expected a whole number',
};

/**
 * Explains the issues that a schema found in data: what is wrong, what was found, what would be right.
 * @param schema where the keys that are known are taken from
 */
export function explainIssues(schema: z.ZodType, data: unknown, issues: readonly Issue[], limit: number): Fault[] {
  const faults: Fault[] = [];
  let shape: JsonShape | undefined;
  for (const issue of issues) {
    if (faults.length >= limit) break;
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      shape ??= shapeOf(schema);
      const known = keysAt(shape, path);
      for (const key of issue.keys.slice(0, limit - faults.length)) {
        faults.push({ path: [...path, key], at: 'key', message: unknownKey(key, known) });
      }
    } else if (issue.code === 'invalid_union') {
      faults.push(...explainUnion(issue, path, data));
    } else if (issue.code === 'invalid_key') {
      const message = issue.issues[0]?.message ?? 'not a valid key';
      faults.push({ path, at: 'key', message });
    } else {
      faults.push(explainOne(issue, path, valueAt(data, path)));
    }
  }
  return faults;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = suggest(key, known);
  if (near !== undefined) return `unknown key; did you mean ${JSON.stringify(near)}?`;
  if (known.length === 0) return 'unknown key';
  const listed =
    known.length <= 20 ? known.join(', ') : `${known.slice(0, 20).join(', ')} and ${known.length - 20} more`;
  return `unknown key; expected one of ${listed}`;
}

/** The branch of a union that came nearest to the data; the union's own words where the data is of another kind. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: DataPath, data: unknown): Fault[] {
  const nearest = issue.errors
    .filter((errors) => errors.length > 0 && errors.every((error) => error.path.length > 0))
    .sort((a, b) => a.length - b.length)[0];
  if (nearest === undefined) return [explainOne(issue, path, valueAt(data, path))];
  return nearest.map((error) => {
    const inner = [...path, ...error.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    return explainOne(error, inner, valueAt(data, inner));
  });
}

function explainOne(issue: Issue, path: DataPath, value: unknown): Fault {
  const expected = expectationOf(issue);
  if (value === undefined) return { path, at: 'key', message: `missing; ${expected}` };
  if (/\bfound\b/.test(expected)) return { path, at: 'value', message: expected };
  const near =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? (ARCHITECTURES[value.toLowerCase()] ?? suggest(value, issue.values.map(String)))
      : undefined;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return { path, at: 'value', message: `${expected}, found ${describe(value)}${hint}` };
}

/** What other tools call the targets. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  'linux/x86_64': 'linux/amd64',
  'linux/x86-64': 'linux/amd64',
  'linux/x64': 'linux/amd64',
  'linux/aarch64': 'linux/arm64',
  'linux/i386': 'linux/386',
  'linux/i686': 'linux/386',
  'linux/armv7': 'linux/arm',
  'linux/ppc64el': 'linux/ppc64le',
  amd64: 'linux/amd64',
  x86_64: 'linux/amd64',
  arm64: 'linux/arm64',
  aarch64: 'linux/arm64',
};

function expectationOf(issue: Issue): string {
  if (!issue.message.startsWith('Invalid') && !issue.message.startsWith('Too')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return EXPECTED[issue.expected] ?? `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `expected at most ${issue.maximum}`;
    case 'too_small':
      return `expected at least ${issue.minimum}`;
    default:
      return 'expected another form';
  }
}

/** A value in a few words, safe to read: long texts are cut, control characters escaped. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      if (value === null || value === undefined) return 'nothing';
      return Array.isArray(value) ? 'a list' : 'keys and values';
  }
}

/** The value at a path of own properties; undefined where there is none. */
export function valueAt(data: unknown, path: DataPath): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** As much of a JSON Schema as is needed to know the keys at a place. */
interface JsonShape {
  readonly properties?: Readonly<Record<string, JsonShape>>;
  readonly items?: JsonShape;
  readonly propertyNames?: { readonly enum?: readonly string[] };
}

const jsonShape: z.ZodType<JsonShape> = z.lazy(() =>
  z.object({
    properties: z.record(z.string(), jsonShape).optional(),
    items: jsonShape.optional(),
    propertyNames: z.object({ enum: z.array(z.string()).optional() }).optional(),
  }),
);

function shapeOf(schema: z.ZodType): JsonShape {
  return jsonShape.parse(z.toJSONSchema(schema, { io: 'input' }));
}

function keysAt(shape: JsonShape, path: DataPath): readonly string[] {
  let here: JsonShape | undefined = shape;
  for (const part of path) {
    here = typeof part === 'number' ? here?.items : here?.properties?.[part];
  }
  return here?.propertyNames?.enum ?? Object.keys(here?.properties ?? {});
}
