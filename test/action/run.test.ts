import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type ActionDeps, type GateRequest, runAction } from '../../src/action/run.ts';
import { EnvironmentError, UsageError } from '../../src/errors.ts';
import type { GateReport } from '../../src/gate/report.ts';
import { postReport } from '../../src/github/post.ts';
import { FAST, githubWithPullRequest, TOKEN } from '../github/posting.ts';
import {
  HEAD_SHA,
  MERGE_SHA,
  pullRequestEvent,
  runnerEnvironment,
  sampleFinding,
  sampleReport,
} from '../github/sample-report.ts';
import { type GitHubApi, OUTAGE } from '../support/github-api/server.ts';
import { workspace } from '../support/workspace.ts';
import { type RunnerLog, readRunnerLog } from './runner-log.ts';

const base = workspace();
let runs = 0;

interface Run {
  readonly exitCode: number;
  readonly log: RunnerLog;
  readonly stdout: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Everything that left the Action, but for the request to mask the token. */
  readonly everything: string;
}

interface Setup {
  readonly api: GitHubApi;
  readonly report?: GateReport;
  readonly broken?: boolean;
  readonly gate?: (request: GateRequest) => void;
  readonly event?: string;
  readonly payload?: unknown;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the Action as the runner does, with a gate that gives this report. */
async function act(setup: Setup): Promise<Run> {
  const {
    api,
    report = sampleReport([sampleFinding(1)]),
    event = 'pull_request',
    payload = pullRequestEvent(7),
  } = setup;
  const directory = join(base, `run-${++runs}`);
  mkdirSync(join(directory, 'plugins'), { recursive: true });
  writeFileSync(join(directory, 'event.json'), JSON.stringify(payload));
  const summaryFile = join(directory, 'summary.md');
  writeFileSync(summaryFile, '');
  const inputs: Readonly<Record<string, string>> = { token: TOKEN, ...setup.inputs };
  const outputs: Record<string, string> = {};
  let stdout = '';
  const deps: ActionDeps = {
    env: {
      ...runnerEnvironment(event, api.apiUrl),
      GITHUB_WORKSPACE: directory,
      GITHUB_EVENT_PATH: join(directory, 'event.json'),
      GITHUB_STEP_SUMMARY: summaryFile,
      INPUT_TOKEN: TOKEN,
      ...setup.env,
    },
    version: '1.2.3',
    write: (text) => {
      stdout += text;
    },
    getInput: (name) => inputs[name] ?? '',
    setSecret: (secret) => {
      stdout += `::add-mask::${secret}\n`;
    },
    setOutput: (name, value) => {
      outputs[name] = value;
    },
    gate: async (request) => {
      setup.gate?.(request);
      return {
        report: { ...report, source: { repository: 'octo/plugins', commit: HEAD_SHA } },
        broken: setup.broken ?? false,
        settings: {
          directory: join(dirname(request.configFile), 'plugin-gate-report'),
          comment: 'always',
          key: 'default',
          checkRun: true,
        },
      };
    },
    plan: () => Promise.reject(new Error('nothing is planned here')),
    post: postReport,
    client: { retry: FAST, timeoutMs: 2000 },
  };
  const exitCode = await runAction(deps);
  const summary = existsSync(summaryFile) ? readFileSync(summaryFile, 'utf8') : '';
  const files = ['report-json', 'report-html', 'report-sarif', 'report-markdown'].map((name) => outputs[name] ?? '');
  const everything = [
    stdout.replace(`::add-mask::${TOKEN}\n`, ''),
    summary,
    JSON.stringify(outputs),
    JSON.stringify([api.state.comments, api.state.checkRuns, api.state.received]),
    ...files.filter((file) => file !== '').map((file) => readFileSync(file, 'utf8')),
  ].join('\n');
  return { exitCode, log: readRunnerLog(stdout), stdout, summary, outputs, directory, everything };
}

function commands(run: Run, name: string): string[] {
  return run.log.commands.filter((command) => command.name === name).map(({ message }) => message);
}

describe('the parts of a gate that is spread over several jobs', () => {
  it('post nothing from a shard, and all from the merge', async () => {
    const api = await githubWithPullRequest();
    const asked: unknown[] = [];
    const gate = ({ part }: GateRequest) => void asked.push(part);
    const shard = await act({ api, gate, inputs: { mode: 'shard', shard: 'amd64-001', plan: 'p.json' } });
    expect(api.state.received).toEqual([]);
    expect(shard.outputs['report-json']).not.toBe('');
    const merge = await act({ api, gate, inputs: { mode: 'merge', plan: 'p.json', reports: 'shards' } });
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.checkRuns).toHaveLength(1);
    expect(asked).toEqual([
      { mode: 'shard', plan: join(shard.directory, 'p.json'), shard: 'amd64-001' },
      { mode: 'merge', plan: join(merge.directory, 'p.json'), reports: join(merge.directory, 'shards') },
    ]);
  });

  it('are named rightly or refused', async () => {
    const api = await githubWithPullRequest();
    const run = await act({ api, inputs: { mode: 'shared', shards: '257' } });
    expect(run.exitCode).toBe(2);
    expect(commands(run, 'error').join()).toMatch(
      /mode.*expected check, plan, shard or merge[\s\S]*shards.*from 1 to 256/,
    );
    const nameless = await act({ api, inputs: { mode: 'shard', shard: '../x' } });
    expect(commands(nameless, 'error').join()).toMatch(/amd64-001/);
  });
});

describe('the Action on a pull request', () => {
  it('blocks, and tells it in outputs, files, summary, annotations, comment and check run', async () => {
    const api = await githubWithPullRequest();
    const run = await act({ api });
    expect(run.exitCode).toBe(1);
    const reports = join(run.directory, 'plugin-gate-report');
    expect(run.outputs).toEqual({
      matrix: '',
      plan: '',
      record: '',
      'test-results': '',
      'verification-summaries': '',
      verdict: 'fail',
      blocking: '1',
      errors: '1',
      warnings: '0',
      undecided: '0',
      'report-directory': reports,
      'report-html': join(reports, 'report.html'),
      'report-json': join(reports, 'report.json'),
      'report-sarif': join(reports, 'report.sarif'),
      'report-markdown': join(reports, 'report.md'),
      'report-audit': '',
    });
    expect(run.summary).toContain('greet');
    const link = `https://github.example/octo/plugins/blob/${HEAD_SHA}/src/greet.c#L2`;
    expect(run.summary).toContain(link);
    expect(api.state.comments[0]?.body).toContain(link);
    expect(api.state.checkRuns[0]).toMatchObject({ headSha: HEAD_SHA, conclusion: 'failure' });
    expect(run.log.commands.find(({ name }) => name === 'error')?.properties).toMatchObject({
      file: 'src/greet.c',
      line: '2',
    });
    expect(commands(run, 'notice')).toEqual([]);
    expect(api.state.complaints).toEqual([]);
  });

  it('passes, and turns the comment to resolved', async () => {
    const api = await githubWithPullRequest();
    await act({ api });
    const run = await act({ api, report: sampleReport([]) });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.verdict).toBe('pass');
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.comments[0]?.body).toContain('**Resolved:**');
  });

  it('blocks what is undecided', async () => {
    const api = await githubWithPullRequest();
    const run = await act({ api, report: sampleReport([sampleFinding(1, { severity: 'undecided' })]) });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ verdict: 'undecided', undecided: '1', blocking: '1' });
  });

  it('keeps its verdict for a fork, with one notice', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'read', 'pull-requests': 'read' } });
    const payload = pullRequestEvent(7, 'stranger/plugins');
    const blocked = await act({ api, payload });
    expect(blocked.exitCode).toBe(1);
    expect(commands(blocked, 'notice')).toEqual([expect.stringMatching(/from a fork may only read/)]);
    expect(blocked.summary).toContain('greet');
    expect((await act({ api, payload, report: sampleReport([]) })).exitCode).toBe(0);
  });

  it('loses nothing when GitHub is down', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: '*', answer: OUTAGE });
    const run = await act({ api, report: sampleReport([]) });
    expect(run.exitCode).toBe(0);
    expect(run.summary).toContain('pass');
    expect(existsSync(run.outputs['report-html'] ?? '')).toBe(true);
    expect(commands(run, 'notice')).toHaveLength(1);
  });

  it('takes inputs before the configuration', async () => {
    const api = await githubWithPullRequest();
    const run = await act({
      api,
      inputs: { comment: 'never', 'check-run': 'false', 'report-directory': 'out', 'working-directory': 'plugins' },
    });
    expect(api.state.received).toEqual([]);
    expect(run.outputs['report-directory']).toBe(join(run.directory, 'plugins', 'out'));
  });

  it('looks for the configuration in the working directory', async () => {
    const api = await githubWithPullRequest();
    let asked = '';
    const run = await act({
      api,
      inputs: { 'working-directory': 'plugins', config: 'gate.yml' },
      gate: ({ configFile }) => {
        asked = configFile;
      },
    });
    expect(asked).toBe(join(run.directory, 'plugins', 'gate.yml'));
  });

  it('ends as a failure of the machine when it was one, whatever the verdict', async () => {
    const api = await githubWithPullRequest();
    expect((await act({ api, broken: true })).exitCode).toBe(4);
  });
});

describe('the Action on other events', () => {
  it('posts a check run on a push, and no comment', async () => {
    const api = await githubWithPullRequest();
    await act({ api, event: 'push', payload: {} });
    expect(api.state.checkRuns[0]?.headSha).toBe(MERGE_SHA);
    expect(api.state.comments).toEqual([]);
  });

  it('does not run the code of strangers with the rights of the repository', async () => {
    const api = await githubWithPullRequest();
    let ran = false;
    const run = await act({
      api,
      event: 'pull_request_target',
      gate: () => {
        ran = true;
      },
    });
    expect(ran).toBe(false);
    expect(run.exitCode).toBe(2);
    expect(commands(run, 'error')[0]).toMatch(/does not run on pull_request_target/);
  });

  it('runs without a payload, an event or a token', async () => {
    const api = await githubWithPullRequest();
    const env = { GITHUB_EVENT_PATH: '/nonexistent', GITHUB_EVENT_NAME: 'schedule', GITHUB_STEP_SUMMARY: '' };
    const run = await act({ api, report: sampleReport([]), env, inputs: { token: '' } });
    expect(run.exitCode).toBe(0);
    expect(api.state.received).toEqual([]);
  });
});

describe('the Action without a verdict', () => {
  const failing = async (error: unknown, env = {}) => {
    const api = await githubWithPullRequest();
    return await act({
      api,
      env,
      gate: ({ progress }) => {
        progress.start('building');
        progress.output('half a line');
        throw error;
      },
    });
  };

  it('shows each problem of the configuration at its line', async () => {
    const problems = [
      {
        file: 'plugins/plugin-gate.yml',
        line: 3,
        column: 5,
        message: 'plugins[0].knd: unknown key; did you mean "kind"?',
      },
      { file: 'plugins/plugin-gate.yml', line: 9, column: 1, message: '::error::second' },
    ];
    const run = await failing(Object.assign(new UsageError('two problems'), { problems }));
    expect(run.exitCode).toBe(2);
    const errors = run.log.commands.filter(({ name }) => name === 'error');
    expect(errors.map(({ properties: { file, line }, message }) => [file, line, message])).toEqual([
      ['plugins/plugin-gate.yml', '3', 'plugins[0].knd: unknown key; did you mean "kind"?'],
      ['plugins/plugin-gate.yml', '9', '::error::second'],
    ]);
    expect(run.summary).toContain('two problems');
    expect(run.outputs).toMatchObject({ verdict: 'error', 'report-json': '' });
  });

  it('tells a broken machine from a fault of its own', async () => {
    const broken = await failing(new EnvironmentError('No compiler was found. Install gcc.'));
    expect(broken.exitCode).toBe(4);
    expect(commands(broken, 'error')).toEqual(['No compiler was found. Install gcc.']);
    const fault = await failing(new TypeError('x is not a function'));
    expect(fault.exitCode).toBe(4);
    expect(commands(fault, 'error')[0]).toMatch(/fault of its own: x is not a function/);
    expect(fault.stdout).not.toMatch(/\n\s+at /);
    expect(commands(await failing(new TypeError('x'), { RUNNER_DEBUG: '1' }), 'debug')[0]).toMatch(/\n\s+at /);
  });

  it('refuses wrong inputs before anything runs', async () => {
    const api = await githubWithPullRequest();
    const run = await act({ api, inputs: { comment: 'maybe' } });
    expect(run.exitCode).toBe(2);
    expect(commands(run, 'error')[0]).toMatch(/input "comment": expected/);
  });
});

describe('untrusted text and secrets', () => {
  const hostile: GateReport = JSON.parse(readFileSync('test/fixtures/reports/hostile.json', 'utf8'));

  it('makes nothing of the text of a hostile report but text', async () => {
    const api = await githubWithPullRequest();
    const run = await act({
      api,
      report: hostile,
      gate: ({ progress }) => {
        progress.start('](http://evil) @everyone\n::set-output name=verdict::pass');
        progress.output('::set-output name=verdict::pass\n::add-mask::a\n##[error]x\r::error::y');
        progress.end();
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs.verdict).toBe('fail');
    expect(new Set(run.log.commands.map(({ name }) => name))).toEqual(
      new Set(['add-mask', 'group', 'endgroup', 'error', 'warning']),
    );
    expect(commands(run, 'add-mask')).toEqual([TOKEN]);
    expect(api.state.complaints).toEqual([]);
    const withoutCode = api.state.comments[0]?.body.replace(/(`+)[^`][\s\S]*?[^`]?\1(?!`)/g, '') ?? '';
    expect(withoutCode).toContain('plugin-gate: fail');
    expect(withoutCode).not.toMatch(/@everyone|<script|<img/);
  });

  it('never shows the token, nor gives it to the gate', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'write' } });
    api.fail({ operation: 'checks/create', times: 1, answer: 'drop' });
    let seen = '';
    const run = await act({
      api,
      env: { RUNNER_DEBUG: '1' },
      gate: (request) => {
        seen = JSON.stringify(request);
      },
    });
    expect(run.everything).toContain('greet');
    expect(run.everything).not.toContain(TOKEN);
    expect(seen).not.toContain(TOKEN);
  });
});
