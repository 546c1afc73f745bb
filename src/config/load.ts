import type { z } from 'zod';
import { crossChecks } from './cross-checks.ts';
import { explainIssues, type Fault } from './issues.ts';
import { type ConfigProblem, renderPath } from './problem.ts';
import { configSchema, type GateConfig } from './schema.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

export type Loaded<T> = T | { readonly problems: readonly ConfigProblem[] };

/** Problems that are told at once; a file with more needs another look anyway. */
const MAX_PROBLEMS = 100;

/**
 * Reads a configuration. Pure: does not look whether the files it names are there.
 * @param file name that the problems carry, as the user gave it
 * @param text content of the file, UTF-8
 * @returns the configuration with all defaults, or every problem in the order of the file
 */
export function loadConfig(file: string, text: string): Loaded<{ readonly config: GateConfig }> {
  const loaded = loadYaml(file, text, configSchema, crossChecks);
  return 'problems' in loaded ? loaded : { config: loaded.value };
}

/**
 * Reads a YAML file by a schema and further checks on its raw data.
 * @returns the schema's output, or every problem in the order of the file
 */
export function loadYaml<T>(
  file: string,
  text: string,
  schema: z.ZodType<T>,
  further: (data: unknown) => readonly Fault[],
): Loaded<{ readonly value: T; readonly source: YamlSource }> {
  const source = readYaml(file, text);
  if (!('data' in source)) return source;
  const parsed = schema.safeParse(source.data);
  const faults = [
    ...explainIssues(schema, source.data, parsed.error?.issues ?? [], MAX_PROBLEMS),
    ...further(source.data),
  ];
  const problems = [
    ...source.problems,
    ...faults.slice(0, MAX_PROBLEMS).map((fault) => problemOf(file, source, fault)),
  ];
  if (parsed.success && problems.length === 0) return { value: parsed.data, source };
  return { problems: withoutRepeats(problems) };
}

function problemOf(file: string, source: YamlSource, { path, at, message }: Fault): ConfigProblem {
  return { file, ...source.placeOf(path, at), path: renderPath(path), message };
}

/** In the order of the file; the schema and the further checks may have found the same. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const seen = new Set<string>();
  return sorted.filter(({ line, column, path, message }) => {
    const identity = JSON.stringify([line, column, path, message]);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}
