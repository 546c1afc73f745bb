import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { reportCommand } from '../../src/commands/report.ts';
import { forkReport, PULL, workflowRunEvent } from '../github/foreign.ts';
import { githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { runnerEnvironment } from '../github/sample-report.ts';
import { workspace } from '../support/workspace.ts';
import { capture } from './capture.ts';

const directory = workspace();
writeFileSync(join(directory, 'report.json'), JSON.stringify(forkReport()));
writeFileSync(join(directory, 'event.json'), JSON.stringify(workflowRunEvent()));

async function report(file: string, post: boolean, environment: Readonly<Record<string, string>> = {}) {
  const { terminal, out, err } = capture();
  const options = { file, post, format: 'text' as const };
  const exitCode = await reportCommand(options, { directory, environment, version: '1.0.0' }, terminal);
  return { exitCode, out: out(), err: err() };
}

describe('plugin-gate report', () => {
  it('shows a report, and leaves the verdict to whoever made it', async () => {
    const { exitCode, out } = await report('report.json', false);
    expect(exitCode).toBe(0);
    expect(out).toContain('sym/removed');
  });

  it('refuses what is none', async () => {
    writeFileSync(join(directory, 'other.json'), '{}');
    symlinkSync('/etc/passwd', join(directory, 'link.json'));
    await expect(report('other.json', false)).rejects.toThrow(/not a report/);
    await expect(report('link.json', false)).rejects.toThrow(/out of the repository/);
    await expect(report('missing.json', false)).rejects.toThrow(/no file/);
  });

  it('posts it for the run that made it', async () => {
    const api = await githubWithPullRequest();
    api.state.pulls.push(PULL);
    const environment = {
      ...runnerEnvironment('workflow_run', api.apiUrl),
      GITHUB_TOKEN: TOKEN,
      GITHUB_EVENT_PATH: join(directory, 'event.json'),
    };
    const { exitCode, out, err } = await report('report.json', true, environment);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toBe('check-run: 1 annotations\ncomment: created\n');
    expect(api.state.comments).toHaveLength(1);
    expect(out + err).not.toContain(TOKEN);
  });

  it('says what it needs to post', async () => {
    await expect(report('report.json', true)).rejects.toThrow(/GITHUB_TOKEN/);
  });
});
