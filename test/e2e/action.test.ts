import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { HEAD_SHA, pullRequestEvent } from '../github/sample-report.ts';
import { act, type Run } from './act.ts';
import { STACK } from './run.ts';

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
    expect(api.state.comments[0]?.body).toContain('sym/removed');
    expect((await act(api)).status).toBe(0);
    expect(api.state.comments).toHaveLength(1);
    expect(api.state.comments[0]?.body).toContain('**Resolved:**');
    expect(api.state.complaints).toEqual([]);
  });

  it('gives a fork the same verdict, and one notice', async () => {
    const api = await githubWithPullRequest({
      permissions: { contents: 'read', checks: 'read', 'pull-requests': 'read' },
    });
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
    const api = await githubWithPullRequest({ permissions: { contents: 'read' } });
    const run = await act(api, { inputs: { config: 'prebuilt-breaking.yml' } });
    const files = Object.values(run.outputs).filter((path) => path.startsWith('/') && /\.\w+$/.test(path));
    expect(files).toHaveLength(5);
    const all = [run.stdout, run.stderr, run.summary, ...files.map((path) => readFileSync(path, 'utf8'))].join('\n');
    expect(all.replace(`::add-mask::${TOKEN}`, '')).not.toContain(TOKEN);
  });
});
