import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunnerLog, readRunnerLog } from '../action/runner-log.ts';
import { TOKEN } from '../github/posting.ts';
import { pullRequestEvent, runnerEnvironment } from '../github/sample-report.ts';
import type { GitHubApi } from '../support/github-api/server.ts';
import { workspace } from '../support/workspace.ts';
import { ROOT } from './run.ts';

const base = workspace();
let runs = 0;

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly log: RunnerLog;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly checkout: string;
}

/** The values of a GITHUB_OUTPUT file: `name<<delimiter`, lines, `delimiter`. */
function readOutputs(file: string): Record<string, string> {
  const text = readFileSync(file, 'utf8');
  const entries = [...text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)];
  return Object.fromEntries(entries.map(([, name, , value]) => [name, value]));
}

export interface Setup {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  /** Name of the event; pull_request unless given. */
  readonly event?: string;
  /** Other variables of the runner. */
  readonly env?: Readonly<Record<string, string>>;
  /** Changes the checkout before the run. */
  readonly change?: (checkout: string) => void;
}

/** Runs the bundle of the Action on a checkout of examples/quickstart, as the runner does. */
export async function act(
  api: GitHubApi,
  { inputs = {}, payload = pullRequestEvent(7), event = 'pull_request', change, env: more = {} }: Setup = {},
): Promise<Run> {
  const directory = join(base, `run-${++runs}`);
  const checkout = join(directory, 'checkout');
  mkdirSync(directory, { recursive: true });
  cpSync(join(ROOT, 'examples', 'quickstart'), checkout, { recursive: true });
  change?.(checkout);
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const env: Record<string, string> = {
    ...runnerEnvironment(event, api.apiUrl),
    ...more,
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    RUNNER_TEMP: directory,
    GITHUB_WORKSPACE: checkout,
    GITHUB_EVENT_PATH: file('event.json', JSON.stringify(payload)),
    GITHUB_OUTPUT: file('output', ''),
    GITHUB_STEP_SUMMARY: file('summary.md', ''),
    INPUT_TOKEN: TOKEN,
    INPUT_CONFIG: 'prebuilt.yml',
    'INPUT_WORKING-DIRECTORY': '.',
  };
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value;
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'action.cjs')], { cwd: checkout, env, timeout: 60_000 });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    status,
    stdout,
    stderr,
    log: readRunnerLog(stdout),
    summary: readFileSync(env.GITHUB_STEP_SUMMARY ?? '', 'utf8'),
    outputs: readOutputs(env.GITHUB_OUTPUT ?? ''),
    checkout,
  };
}
