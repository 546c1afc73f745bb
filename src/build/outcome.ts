import type { ArtifactProblem } from '../artifact/read.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { type Diagnostic, parseDiagnostics } from './diagnostics.ts';
import type { Execution } from './execute.ts';
import { lastLines, plainLines } from './plain.ts';
import type { BuildRequest } from './request.ts';

/** How many messages of the compiler become findings; the first errors matter, the rest follow from them. */
const MAX_ERRORS = 20;
const MAX_WARNINGS = 10;
const DETAIL_LINES = 40;
const DETAIL_CHARACTERS = 8000;

/** What the output of a build says about it. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly warnings: number;
}

/** Findings of a build that failed or ran out of time, and the compiler's messages as findings with their place. */
export function judgeExecution(execution: Execution, request: BuildRequest, directory: string): Judged {
  const diagnostics = parseDiagnostics(execution.output, { repository: request.repository ?? request.root, directory });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  const findings: Finding[] = [];
  if (execution.failure !== undefined) {
    findings.push(failure(execution.failure, execution.output, errors[0], request));
    // Only of a build that failed: a configure script that tries things out prints errors that mean nothing.
    findings.push(...errors.slice(0, MAX_ERRORS).map((error) => diagnosticFinding(error, 'error')));
  }
  findings.push(...warnings.slice(0, MAX_WARNINGS).map((warning) => diagnosticFinding(warning, 'note')));
  return { findings, warnings: warnings.length };
}

/** The finding for an artifact that cannot be taken after a build, or without one. */
export function artifactFinding(problem: ArtifactProblem, file: string, built: boolean): Finding {
  if (problem.kind === 'missing') {
    const message = built
      ? `The build succeeded, but there is no file ${file}.`
      : `There is no file ${file}, and the configuration has no build that would make it.`;
    return finding('build/artifact-missing', message, { subject: file });
  }
  return finding('build/artifact-unusable', problem.message, { subject: file });
}

function failure(
  { argv, result }: NonNullable<Execution['failure']>,
  output: string,
  first: Diagnostic | undefined,
  request: BuildRequest,
): Finding {
  const program = argv[0] ?? '';
  const seconds = (result.durationMs / 1000).toFixed(1);
  const details = lastLines(output, DETAIL_LINES, DETAIL_CHARACTERS);
  const more = { subject: program, ...(details === '' ? {} : { details }) };
  if (result.timedOut) {
    return finding(
      'build/timeout',
      `${program} was stopped after ${seconds} s; the limit for this build is ${request.build.timeout / 1000} s.`,
      more,
    );
  }
  const how = result.signal === null ? `exit status ${result.exitCode ?? '?'}` : `signal ${result.signal}`;
  const cause = first?.text ?? toolMessage(output);
  const place = first?.location === undefined ? '' : `${first.location.file}:${first.location.line}: `;
  const message = `${program} failed with ${how} after ${seconds} s${cause === undefined ? '.' : `: ${place}${cause}`}`;
  const missing = missingProgram(output);
  // No location: the compiler's own message has it, and two annotations at one place say no more than one.
  return finding('build/failed', message, {
    ...more,
    ...(missing === undefined ? {} : { fix: `The build calls ${missing}, which is not installed. Install it first.` }),
  });
}

/** What a build tool says last, when no compiler spoke. */
function toolMessage(output: string): string | undefined {
  const lines = plainLines(output)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.find((line) =>
    /^(?:go: |error: |fatal: |ninja: (?:error|fatal)|\S*make(?:\[\d+\])?: \*\*\* )/.test(line),
  );
  return (telling ?? lines.at(-1))?.slice(0, 500);
}

/** A program that a shell, make or go could not find. */
function missingProgram(output: string): string | undefined {
  for (const line of plainLines(output)) {
    const found =
      /^(?:\/bin\/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?([\w.+-]+): (?:command )?not found$/.exec(line) ??
      /^make(?:\[\d+\])?: ([\w.+-]+): No such file or directory$/.exec(line) ??
      /exec: "([\w.+-]+)": executable file not found in \$PATH/.exec(line) ??
      /^error: linker `([\w.+-]+)` not found/.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  return undefined;
}

function diagnosticFinding(diagnostic: Diagnostic, severity: 'error' | 'note'): Finding {
  return finding('build/diagnostic', diagnostic.text, {
    severity,
    ...(diagnostic.location === undefined ? {} : { location: diagnostic.location, subject: diagnostic.location.file }),
  });
}
