import { UsageError } from '../errors.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';

/** One thing that is wrong with a configuration or waivers file. Texts are raw: whoever prints them escapes. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** Where in the data, such as `plugins[0].build.timeout`; empty for the whole file. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** `plugin-gate.yml:12:5: plugins[0].knd: unknown key; did you mean "kind"?` */
export function renderProblem({ file, line, column, path, message }: ConfigProblem): string {
  return `${file}:${line}:${column}: ${withPath({ path, message })}`;
}

function withPath({ path, message }: Pick<ConfigProblem, 'path' | 'message'>): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** All problems, one a line, and how many there are. */
export function renderProblems(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [...problems.map(renderProblem), `${count} in the configuration.`].join('\n');
}

/** A configuration with problems; `problems` are for annotations, each message with its path. */
export class ConfigError extends UsageError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(renderProblems(problems));
    this.problems = problems.map((problem) => ({ ...problem, message: withPath(problem) }));
  }
}

/** The problems as findings, for annotations at their lines. */
export function problemFindings(problems: readonly ConfigProblem[]): Finding[] {
  return problems.map(({ file, line, column, path, message }) =>
    finding('config/invalid', withPath({ path, message }), {
      subject: path === '' ? file : path,
      location: { file, line, column },
    }),
  );
}

export type DataPath = readonly (string | number)[];

/** `plugins[0].build.env`; keys that are no plain names stand in brackets and quotes. */
export function renderPath(path: DataPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][A-Za-z0-9_$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part.length > 100 ? `${part.slice(0, 100)}…` : part)}]`;
  }
  return text;
}
