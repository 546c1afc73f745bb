import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type RunnerLog, readRunnerLog } from '../action/runner-log.ts';
import { githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { HEAD_SHA, pullRequestEvent, runnerEnvironment } from '../github/sample-report.ts';
import type { GitHubApi } from '../support/github-api/server.ts';
import { workspace } from '../support/workspace.ts';
import { ROOT, STACK } from './run.ts';

const base = workspace();
let runs = 0;

interface Run {
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

interface Setup {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  /** Changes the checkout before the run. */
  readonly change?: (checkout: string) => void;
}

/** Runs the bundle of the Action on a checkout of examples/quickstart, as the runner does. */
async function act(api: GitHubApi, { inputs = {}, payload = pullRequestEvent(7), change }: Setup = {}): Promise<Run> {
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
    ...runnerEnvironment('pull_request', api.apiUrl),
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

function annotations(run: Run, level: string) {
  return run.log.commands.filter(({ name }) => name === level);
}

describe('dist/action.cjs, run as the runner does', () => {
  it('passes a good release: outputs, files, summary, comment, check run', async () => {
    const api = await githubWithPullRequest();
    const run = await act(api);
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(run.outputs).toMatchObject({ verdict: 'pass', blocking: '0', errors: '0' });
    for (const name of ['report-html', 'report-json', 'report-sarif', 'report-markdown']) {
      expect(existsSync(run.outputs[name] ?? '')).toBe(true);
    }
    expect(run.summary).toContain('`greet`');
    expect(api.state.comments[0]?.body).toContain('`greet`');
    expect(api.state.checkRuns[0]).toMatchObject({ headSha: HEAD_SHA, conclusion: 'success' });
    expect(api.state.complaints).toEqual([]);
  });

  it('blocks a breaking one, then turns its comment to resolved', async () => {
    const api = await githubWithPullRequest();
    const run = await act(api, { inputs: { config: 'prebuilt-breaking.yml' } });
    expect(run.status).toBe(1);
    expect(run.outputs.verdict).toBe('fail');
    expect(Number(run.outputs.blocking)).toBeGreaterThan(5);
    expect(annotations(run, 'error').length).toBeGreaterThan(5);
    expect(api.state.checkRuns[0]?.conclusion).toBe('failure');
    expect(api.state.comments[0]?.body).toContain('abi/struct-size-changed');
    expect((await act(api)).status).toBe(0);
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.comments[0]?.body).toContain('**Resolved:**');
    expect(api.state.complaints).toEqual([]);
  });

  it('gives a fork the same verdict, and one notice', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'read', 'pull-requests': 'read' } });
    const run = await act(api, { payload: pullRequestEvent(7, 'stranger/plugins') });
    expect(run.status).toBe(0);
    expect(run.summary).toContain('`greet`');
    expect(annotations(run, 'notice').map(({ message }) => message)).toEqual([
      expect.stringContaining('from a fork may only read'),
    ]);
  });

  it('shows the problems of a configuration at their lines', async () => {
    const api = await githubWithPullRequest();
    const run = await act(api, {
      inputs: { config: 'wrong.yml' },
      change: (checkout) => writeFileSync(join(checkout, 'wrong.yml'), 'version: 1\nplugin: []\n'),
    });
    expect(run.status).toBe(2);
    expect(run.outputs.verdict).toBe('error');
    expect(annotations(run, 'error').map(({ properties }) => properties)).toContainEqual(
      expect.objectContaining({ file: 'wrong.yml', line: '2' }),
    );
    expect(run.stdout + run.stderr).not.toMatch(STACK);
    expect(api.state.received).toEqual([]);
  });

  it('shows the token nowhere', async () => {
    const api = await githubWithPullRequest({ permissions: {} });
    const run = await act(api, { inputs: { config: 'prebuilt-breaking.yml' } });
    const files = Object.values(run.outputs).filter((path) => path.startsWith('/') && /\.\w+$/.test(path));
    expect(files).toHaveLength(4);
    const all = [run.stdout, run.stderr, run.summary, ...files.map((path) => readFileSync(path, 'utf8'))].join('\n');
    expect(all.replace(`::add-mask::${TOKEN}`, '')).not.toContain(TOKEN);
  });
});
