import { describe, expect, it } from '@jest/globals';
import { githubWithPullRequest, TOKEN } from './posting.ts';
import { HEAD_SHA } from './sample-report.ts';

/** The loopback GitHub is only worth something when it refuses what GitHub refuses. */
async function send(
  apiUrl: string,
  path: string,
  body: unknown,
  token = TOKEN,
): Promise<{ status: number; body: string }> {
  const response = await fetch(`${apiUrl}/repos/octo/plugins/${path}`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.text() };
}

const annotation = { path: 'a.c', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'm' };
const run = (more: object = {}, annotations: readonly object[] = []) => ({
  name: 'n',
  head_sha: HEAD_SHA,
  status: 'completed',
  conclusion: 'success',
  output: { title: 't', summary: 's', annotations },
  ...more,
});

describe('the loopback GitHub', () => {
  it.each([
    ['51 annotations', run({}, Array(51).fill(annotation)), /must NOT have more than 50 items/],
    ['completed without conclusion', run({ conclusion: undefined }), /completed without conclusion/],
    ['an unknown conclusion', run({ conclusion: 'passed' }), /must be equal to one of the allowed values/],
    ['an unknown field', run({ headSha: HEAD_SHA }), /body\/headSha is not known/],
    ['an unknown commit', run({ head_sha: 'd'.repeat(40) }), /No commit found/],
    [
      'a summary that is too long',
      run({ output: { title: 't', summary: 'x'.repeat(65_536) } }),
      /more than 65535 characters/,
    ],
    ['columns over lines', run({}, [{ ...annotation, end_line: 2, start_column: 1 }]), /columns over lines/],
    ['a title that is too long', run({}, [{ ...annotation, title: 'x'.repeat(256) }]), /over 255 characters/],
    ['a message that is too long', run({}, [{ ...annotation, message: 'x'.repeat(65_537) }]), /over 64 KB/],
    ['a path outside', run({}, [{ ...annotation, path: '/a.c' }]), /not in the repository/],
  ])('refuses a check run with %s', async (_, body, message) => {
    const api = await githubWithPullRequest();
    const answer = await send(api.apiUrl, 'check-runs', body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatch(message);
    expect(api.state.checkRuns).toEqual([]);
  });

  it('takes the longest comment and refuses a longer one', async () => {
    const api = await githubWithPullRequest();
    const post = (length: number) => send(api.apiUrl, 'issues/7/comments', { body: 'x'.repeat(length) });
    expect((await post(65_536)).status).toBe(201);
    expect((await post(65_537)).body).toMatch(/body is too long/);
  });

  it('answers a read-only, an unknown and a missing token as GitHub does', async () => {
    const api = await githubWithPullRequest({ permissions: { checks: 'read' } });
    expect(await send(api.apiUrl, 'check-runs', run())).toMatchObject({
      status: 403,
      body: expect.stringContaining('Resource not accessible by integration'),
    });
    expect((await send(api.apiUrl, 'check-runs', run(), 'other')).status).toBe(401);
  });
});
