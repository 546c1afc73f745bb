import { describe, expect, it } from '@jest/globals';
import type { GateReport } from '../../src/gate/report.ts';
import { runBefore, runMemory, runsLine, sinceLine } from '../../src/github/since.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { githubWithPullRequest, post } from './posting.ts';
import { sampleFinding, sampleReport } from './sample-report.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

function report(commit: string, prints: readonly string[], more: object = {}): GateReport {
  const findings = prints.map((print, n) => ({
    ...sampleFinding(n + 1),
    fingerprint: print.padEnd(32, '0'),
    ...more,
  }));
  return { ...sampleReport(findings), source: { commit } };
}

const told = (before: GateReport, now: GateReport) => {
  const [was, is] = [runMemory(before), runMemory(now)];
  if (was === undefined || is === undefined) return 'not remembered';
  const found = runBefore(`x\n${runsLine(was, undefined)}\n`, is);
  return found === undefined ? 'no run before' : sinceLine(now, found);
};

const P = ['11111111', '22222222', '33333333'];

describe('what changed since the last run', () => {
  it.each<[string, GateReport, GateReport, string | undefined]>([
    ['nothing', report(A, P), report(B, P), undefined],
    [
      'a new finding',
      report(A, P.slice(0, 2)),
      report(B, P),
      '**Since aaaaaaaaaaaa:** 1 new (`sym/removed`), 2 as before.',
    ],
    ['one that is gone', report(A, P), report(B, P.slice(0, 1)), '**Since aaaaaaaaaaaa:** 2 gone, 1 as before.'],
    [
      'all others',
      report(A, P.slice(0, 1)),
      report(B, P.slice(1)),
      '**Since aaaaaaaaaaaa:** 2 new (`sym/removed`), 1 gone.',
    ],
    ['all are gone', report(A, P), report(B, []), '**Since aaaaaaaaaaaa:** 3 gone.'],
    ['the same commit again', report(A, P), report(A, []), 'no run before'],
    ['notes do not count', report(A, []), report(B, P, { severity: 'note' }), undefined],
    [
      'too much to remember',
      report(A, []),
      report(
        B,
        Array.from({ length: 201 }, (_, n) => String(n)),
      ),
      'not remembered',
    ],
    ['no commit', report('', []), report(B, []), 'not remembered'],
  ])('%s', (_name, before, now, expected) => expect(told(before, now)).toBe(expected));

  it('stands below the verdict, stays when the commit is run again, and follows the commits', async () => {
    const api = await githubWithPullRequest();
    const run = async (now: GateReport) => {
      await post(api, {
        report: now,
        render: (limitBytes, since) => renderMarkdown(now, { limitBytes, ...(since === undefined ? {} : { since }) }),
      });
      return api.state.comments[0]?.body ?? '';
    };
    expect(await run(report(A, P.slice(0, 1)))).not.toContain('**Since');
    const second = await run(report(B, P.slice(0, 2)));
    expect(second).toMatch(/## .*fail\n\n\*\*.*\*\*\n\n.*\n\n\*\*Since aaaaaaaaaaaa:\*\* 1 new/);
    expect(await run(report(B, P.slice(0, 2)))).toBe(second);
    expect(await run(report(C, P.slice(1, 2)))).toContain('**Since bbbbbbbbbbbb:** 1 gone, 1 as before.');
    expect(api.state.complaints).toEqual([]);
  });

  it('believes no line that is not its own', () => {
    const now = { commit: 'b'.repeat(12), prints: [] };
    for (const line of [
      '<!-- plugin-gate-runs:zz= -->',
      'plugin-gate-runs',
      '<!-- plugin-gate-runs:aaaaaaaaaaaa=1;x -->',
      '',
    ]) {
      expect(runBefore(`x\n${line}`, now)).toBeUndefined();
    }
  });
});
