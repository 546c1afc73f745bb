import { describe, expect, it } from '@jest/globals';
import { githubWithPullRequest, post } from './posting.ts';
import { HEAD_SHA, MERGE_SHA, sampleFinding, sampleReport } from './sample-report.ts';

describe('the check run', () => {
  it('is on the head of the pull request, completed, with annotations at the lines', async () => {
    const api = await githubWithPullRequest();
    await post(api);
    expect(api.state.checkRuns).toHaveLength(1);
    expect(api.state.checkRuns[0]).toMatchObject({
      name: 'plugin-gate',
      headSha: HEAD_SHA,
      status: 'completed',
      conclusion: 'failure',
      title: 'Blocked: The release is blocked by 1 findings.',
    });
    expect(api.state.checkRuns[0]?.annotations).toEqual([
      {
        path: 'src/greet.c',
        start_line: 2,
        end_line: 2,
        start_column: 3,
        end_column: 3,
        annotation_level: 'failure',
        title: expect.stringContaining('(greet, linux/amd64)'),
        message: 'greet_1 is gone\nRule: sym/removed',
      },
    ]);
    expect(api.state.complaints).toEqual([]);
  });

  it('succeeds, fails and says undecided as the verdict does', async () => {
    const api = await githubWithPullRequest();
    const undecided = sampleFinding(1, { severity: 'undecided' });
    await post(api, { report: sampleReport([]) });
    await post(api, { report: sampleReport([undecided]) });
    expect(api.state.checkRuns.map(({ conclusion }) => conclusion)).toEqual(['success', 'failure']);
    expect(api.state.checkRuns[1]?.title).toMatch(/^Blocked, undecided: /);
  });

  it('is on the commit of a push, where there is no comment', async () => {
    const api = await githubWithPullRequest();
    await post(api, { event: 'push', payload: {} });
    expect(api.state.checkRuns[0]?.headSha).toBe(MERGE_SHA);
    expect(api.state.comments).toHaveLength(0);
  });

  it('sends 120 annotations in three requests, the most severe first', async () => {
    const api = await githubWithPullRequest();
    const notes = Array.from({ length: 60 }, (_, i) => sampleFinding(i, { severity: 'note', blocks: false }));
    const errors = Array.from({ length: 60 }, (_, i) => sampleFinding(100 + i));
    await post(api, { report: sampleReport([...notes, ...errors]), comment: 'never' });
    expect(api.operations()).toEqual(['checks/create', 'checks/update', 'checks/update']);
    const levels = api.state.checkRuns[0]?.annotations.map(({ annotation_level }) => annotation_level);
    expect(levels).toEqual([...Array(60).fill('failure'), ...Array(60).fill('notice')]);
    expect(api.state.complaints).toEqual([]);
  });

  it('says how many findings got no annotation', async () => {
    const api = await githubWithPullRequest();
    const findings = Array.from({ length: 230 }, (_, i) => sampleFinding(i));
    await post(api, { report: sampleReport(findings), render: (limit) => 'x'.repeat(limit) });
    expect(api.state.checkRuns[0]?.annotations).toHaveLength(200);
    expect(api.state.checkRuns[0]?.summary).toMatch(/30 more findings have no annotation/);
    expect(api.state.complaints).toEqual([]);
  });

  it('keeps hostile text, places and sizes inside what the API takes', async () => {
    const api = await githubWithPullRequest();
    const places = ['/etc/passwd', '../outside.c', 'a/../../b.c', 'a\\b.c', ''];
    const findings = [
      sampleFinding(1, {
        plugin: `](http://evil) @everyone ::set-output\u202e${'n'.repeat(300)}`,
        message: 'm\u0000\u202e\n'.repeat(40_000),
      }),
      sampleFinding(2, { location: { file: './src/./x.c', line: -4, column: 0 } }),
      sampleFinding(3, { location: undefined }),
      sampleFinding(4, { location: undefined, blocks: false, severity: 'warning' }),
      sampleFinding(5, { waiver: { reason: 'r', owner: 'o', expires: '2027-01-01' }, blocks: false }),
      ...places.map((file, i) => sampleFinding(10 + i, { location: { file, line: 1 } })),
    ];
    await post(api, { report: sampleReport(findings, { headline: 'h\u202e\n'.repeat(200) }), comment: 'never' });
    expect(api.state.complaints).toEqual([]);
    const annotations = api.state.checkRuns[0]?.annotations ?? [];
    expect(annotations.map(({ path, start_line }) => `${path}:${start_line}`)).toEqual([
      'src/greet.c:2',
      'src/x.c:1',
      ...Array(1 + places.length).fill('plugin-gate.yml:1'),
    ]);
    expect(JSON.stringify(api.state.checkRuns)).not.toMatch(/\u202e|\\u0000/);
    expect([...(annotations[0]?.title ?? '')].length).toBeLessThanOrEqual(255);
  });

  it('appears once when the answer to it was lost, and so do its annotations', async () => {
    const api = await githubWithPullRequest();
    api.fail({ operation: 'checks/create', times: 1, answer: 'drop', takesEffect: true });
    api.fail({ operation: 'checks/update', times: 1, answer: 'drop', takesEffect: true });
    const findings = Array.from({ length: 120 }, (_, i) => sampleFinding(i));
    const outcome = await post(api, { report: sampleReport(findings), comment: 'never' });
    expect(outcome.notice).toBeUndefined();
    expect(api.state.checkRuns).toHaveLength(1);
    expect(api.state.checkRuns[0]?.annotations).toHaveLength(120);
  });

  it('is sent again when it did not arrive, and so is the batch that did not', async () => {
    const api = await githubWithPullRequest();
    const report = sampleReport(Array.from({ length: 120 }, (_, i) => sampleFinding(i)));
    await post(api, { report, comment: 'never' });
    api.fail({ operation: 'checks/create', times: 1, answer: 'drop' });
    api.fail({ operation: 'checks/update', after: 1, times: 1, answer: 'drop' });
    await post(api, { report, comment: 'never' });
    expect(api.state.checkRuns.map(({ annotations }) => annotations.length)).toEqual([120, 120]);
  });

  it('is new for a re-run of the same commit and takes the place of the older one', async () => {
    const api = await githubWithPullRequest();
    await post(api);
    await post(api);
    expect(api.state.checkRuns).toHaveLength(2);
    expect(api.operations().filter((name) => name === 'checks/update')).toEqual([]);
  });
});
