import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { GateReport } from '../../src/gate/report.ts';
import { runnerEnvironment } from '../github/sample-report.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { ROOT } from './run.ts';

/** The bundle of the Action on one checkout, run after run, with a cache between them as actions/cache would keep it. */

interface Ran {
  readonly status: number | null;
  readonly report: GateReport;
  readonly reused: number;
  readonly output: string;
}

describeWith(['git'], 'the Action with results of earlier runs', () => {
  const base = workspace();
  const checkout = join(base, 'plugins');
  const cache = join(base, 'cache');
  cpSync(join(ROOT, 'examples', 'quickstart'), checkout, { recursive: true });
  const git = (...args: string[]): string => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...identity, ...args], { cwd: checkout, encoding: 'utf8' }).trim();
  };
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'one');
  const from = git('rev-parse', 'HEAD');
  git('commit', '-qm', 'two', '--allow-empty');
  const to = git('rev-parse', 'HEAD');

  const pull = (number: number, owner: string) => ({
    pull_request: {
      number,
      head: { sha: to, ref: 'topic', repo: { full_name: `${owner}/plugins` } },
      base: { sha: from, ref: 'main', repo: { full_name: 'octo/plugins' } },
    },
  });
  let runs = 0;
  const run = (event: string, ref: string, payload: unknown, inputs: Readonly<Record<string, string>> = {}): Ran => {
    const directory = join(base, `run-${++runs}`);
    mkdirSync(directory);
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const env: Record<string, string> = {
      ...runnerEnvironment(event, 'http://127.0.0.1:9'),
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      RUNNER_TEMP: directory,
      GITHUB_WORKSPACE: checkout,
      GITHUB_SHA: to,
      GITHUB_REF: ref,
      GITHUB_REPOSITORY: 'octo/plugins',
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(payload)),
      GITHUB_OUTPUT: file('output', ''),
      GITHUB_STEP_SUMMARY: file('summary.md', ''),
      'INPUT_REPORT-DIRECTORY': '../report',
      INPUT_CONFIG: 'prebuilt.yml',
      'INPUT_WORKING-DIRECTORY': '.',
      INPUT_CACHE: cache,
    };
    for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist', 'action.cjs')], {
      cwd: checkout,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    const written = join(base, 'report', 'report.json');
    const report: GateReport = existsSync(written) ? JSON.parse(readFileSync(written, 'utf8')) : { plugins: [] };
    const steps = report.plugins.flatMap((one) => one.steps);
    return { status, report, reused: steps.filter(({ reuse }) => reuse?.reused).length, output: stdout + stderr };
  };
  const kept = (): readonly string[] =>
    existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];

  it('takes and leaves none for forks, tags, releases, drafts and signed verdicts', () => {
    const none = [
      run('pull_request', 'refs/pull/7/merge', pull(7, 'mallory')),
      run('push', 'refs/tags/v1.1.0', {}),
      run('release', 'refs/tags/v1.1.0', { release: { tag_name: 'v1.1.0' } }),
      run('workflow_dispatch', 'refs/heads/main', {}, { 'attach-to-release': 'v1.1.0' }),
    ];
    for (const { status, report, reused } of none) {
      expect([status, reused]).toEqual([0, 0]);
      expect(report.cache?.note).toMatch(/^Nothing was reused: /);
    }
    expect(kept()).toEqual([]);
  });

  it('keeps what a pull request found out from everybody else', () => {
    const first = run('pull_request', 'refs/pull/7/merge', pull(7, 'octo'));
    expect([first.status, first.reused]).toEqual([0, 0]);
    const again = run('pull_request', 'refs/pull/7/merge', pull(7, 'octo'));
    expect(again.status).toBe(0);
    expect(again.reused).toBeGreaterThan(2);
    expect(again.output).toContain('Results of earlier runs');
    expect(run('pull_request', 'refs/pull/8/merge', pull(8, 'octo')).reused).toBe(0);
    expect(run('push', 'refs/heads/main', {}).reused).toBe(0);
    expect(run('pull_request', 'refs/pull/7/merge', pull(7, 'mallory')).reused).toBe(0);
  });

  it('gives what the branch found out to its pull requests and to the merge queue, which leaves nothing', () => {
    expect(run('pull_request', 'refs/pull/9/merge', pull(9, 'octo')).reused).toBeGreaterThan(2);
    const before = kept();
    const queue = run('merge_group', 'refs/heads/gh-readonly-queue/main/pr-9', {
      merge_group: { base_sha: from, head_sha: to, base_ref: 'refs/heads/main' },
    });
    expect(queue.reused).toBeGreaterThan(2);
    expect(queue.report.cache?.note).toMatch(/merge queue/);
    expect(kept()).toEqual(before);
    expect(run('push', 'refs/tags/v1.1.0', {}).reused).toBe(0);
  });

  it('refuses a cache in the checkout', () => {
    const { status, output } = run('push', 'refs/heads/main', {}, { cache: 'cache' });
    expect(status).toBe(2);
    expect(output).toContain('expected a directory outside of the checkout');
  });
});
