import { describe, expect, it } from '@jest/globals';
import type { PlacedFinding } from '../../src/rules/finding.ts';
import { judge, statusOf } from '../../src/rules/judge.ts';
import { finding } from '../../src/rules/make.ts';
import { DEFAULT_POLICY, type Policy, policyDigest } from '../../src/rules/policy.ts';
import { isDay, type Waiver } from '../../src/rules/waivers.ts';

const TODAY = '2026-11-22';

const removed = (symbol: string, more: Partial<PlacedFinding> = {}): PlacedFinding => ({
  ...finding('sym/removed', `${symbol} is gone.`, { severity: 'error', subject: symbol, symbol, old: symbol }),
  plugin: 'greet',
  target: 'linux/amd64',
  step: 'compare',
  ...more,
});

const added = (symbol: string): PlacedFinding => ({
  ...finding('sym/added', `${symbol} is new.`, { severity: 'note', subject: symbol, symbol, new: symbol }),
  plugin: 'greet',
  target: 'linux/amd64',
  step: 'compare',
});

const open: PlacedFinding = {
  ...finding('baseline/missing', 'There is no previous release.', { severity: 'undecided', subject: 'greet' }),
  plugin: 'greet',
  target: 'linux/amd64',
  step: 'compare',
};

const waiver = (more: Partial<Waiver> = {}): Waiver => ({
  rule: 'sym/removed',
  subject: 'greet_old',
  reason: 'never documented',
  owner: '@team',
  expires: '2027-06-30',
  ...more,
});

const rulesOf = (findings: readonly PlacedFinding[]) => findings.map(({ rule }) => rule);

describe('judge', () => {
  it('passes when there is nothing', () => {
    expect(judge([], DEFAULT_POLICY, [], TODAY)).toEqual({
      findings: [],
      verdict: 'pass',
      headline: 'Nothing blocks the release.',
      counts: { error: 0, warning: 0, note: 0, undecided: 0, waived: 0, blocking: 0, off: 0 },
    });
  });

  it('fails on an error, and says where', () => {
    const { verdict, headline, counts, findings } = judge([added('b'), removed('a')], DEFAULT_POLICY, [], TODAY);
    expect(verdict).toBe('fail');
    expect(headline).toBe('The release is blocked by 1 error in greet.');
    expect(counts).toEqual({ error: 1, warning: 0, note: 1, undecided: 0, waived: 0, blocking: 1, off: 0 });
    expect(rulesOf(findings)).toEqual(['sym/removed', 'sym/added']);
  });

  it.each<[Policy['undecided'], string, string, boolean]>([
    ['fail', 'undecided', 'undecided', true],
    ['warn', 'pass', 'undecided', false],
    ['ignore', 'pass', 'note', false],
  ])('undecided: %s gives %s', (undecided, verdict, severity, blocks) => {
    const judged = judge([open], { undecided, rules: {} }, [], TODAY);
    expect(judged.verdict).toBe(verdict);
    expect(judged.findings).toMatchObject([{ severity, blocks }]);
  });

  it('an error outranks what is undecided', () => {
    const { verdict, headline } = judge([open, removed('a')], DEFAULT_POLICY, [], TODAY);
    expect(verdict).toBe('fail');
    expect(headline).toBe('The release is blocked by 1 error and 1 question left open for want of evidence in greet.');
  });

  it('takes the level of the policy, and counts what is off', () => {
    const policy: Policy = { undecided: 'fail', rules: { 'sym/added': 'error', 'sym/removed': 'warning' } };
    expect(judge([added('b'), removed('a')], policy, [], TODAY).findings).toMatchObject([
      { rule: 'sym/added', severity: 'error', blocks: true },
      { rule: 'sym/removed', severity: 'warning', blocks: false },
    ]);
    const off = judge([added('b')], { undecided: 'fail', rules: { 'sym/added': 'off' } }, [], TODAY);
    expect(off).toMatchObject({ findings: [], verdict: 'pass', counts: { off: 1, note: 0 } });
  });

  it('a level does not make a decision out of what could not be seen', () => {
    const unseen: PlacedFinding = { ...removed('a'), severity: 'undecided' };
    const policy: Policy = { undecided: 'fail', rules: { 'sym/removed': 'note' } };
    expect(judge([unseen], policy, [], TODAY)).toMatchObject({
      verdict: 'undecided',
      findings: [{ severity: 'undecided' }],
    });
  });

  it('sorts worst first and in the same way whatever the order given', () => {
    const all = [added('z'), removed('b'), removed('a'), open, removed('a', { target: 'linux/arm64' })];
    const waivers = [waiver({ subject: 'b' })];
    const one = judge(all, DEFAULT_POLICY, waivers, TODAY);
    expect(one.findings.map(({ rule, subject, target }) => `${rule} ${subject} ${target}`)).toEqual([
      'sym/removed a linux/amd64',
      'sym/removed a linux/arm64',
      'baseline/missing greet linux/amd64',
      'sym/added z linux/amd64',
      'sym/removed b linux/amd64',
    ]);
    expect(judge(all.toReversed(), DEFAULT_POLICY, waivers, TODAY)).toEqual(one);
  });
});

describe('waivers', () => {
  it('cover a finding by name, and leave its severity to be seen', () => {
    const { verdict, findings, counts } = judge([removed('greet_old')], DEFAULT_POLICY, [waiver()], TODAY);
    expect(verdict).toBe('pass');
    expect(findings).toMatchObject([
      {
        severity: 'error',
        blocks: false,
        waiver: { reason: 'never documented', owner: '@team', expires: '2027-06-30' },
      },
    ]);
    expect(counts).toMatchObject({ error: 0, waived: 1, blocking: 0 });
  });

  it.each<[string, Partial<Waiver>]>([
    ['another name', { subject: 'greet_ol' }],
    ['a longer name', { subject: 'greet_old2' }],
    ['another case', { subject: 'Greet_old' }],
    ['another rule', { rule: 'sym/added' }],
    ['another plugin', { plugin: 'other' }],
    ['another target', { target: 'linux/arm64' }],
    ['a pattern, which removed symbols do not take', { subject: 'greet_*' }],
    ['a pattern for everything', { subject: '*' }],
  ])('do not cover a finding with %s, and are reported as unused', (_, more) => {
    const { verdict, findings } = judge([removed('greet_old')], DEFAULT_POLICY, [waiver(more)], TODAY);
    expect(verdict).toBe('fail');
    expect(rulesOf(findings)).toEqual(['sym/removed', 'policy/waiver-unused']);
  });

  it.each<[string, Partial<Waiver>]>([
    ['the plugin', { plugin: 'greet' }],
    ['the target', { target: 'linux/amd64' }],
  ])('cover a finding of %s', (_, more) => {
    expect(judge([removed('greet_old')], DEFAULT_POLICY, [waiver(more)], TODAY).verdict).toBe('pass');
  });

  it('take patterns for other rules, and match the symbol and the type as well as the subject', () => {
    const policy: Policy = { undecided: 'fail', rules: { 'sym/added': 'error' } };
    const one = (subject: string) => [waiver({ rule: 'sym/added', subject })];
    expect(judge([added('greet_new')], policy, one('greet_*'), TODAY).verdict).toBe('pass');
    const typed: PlacedFinding = { ...added('x'), subject: 'field', symbol: 'f', type: 'struct greeting' };
    for (const subject of ['field', 'f', 'struct greeting']) {
      expect(judge([typed], policy, one(subject), TODAY).verdict).toBe('pass');
    }
  });

  it.each([
    ['2026-11-21', 'fail', ['policy/waiver-expired', 'sym/removed']],
    ['2026-11-22', 'pass', ['policy/waiver-expiring', 'sym/removed']],
    ['2026-12-06', 'pass', ['policy/waiver-expiring', 'sym/removed']],
    ['2026-12-07', 'pass', ['sym/removed']],
    ['9999-99-99', 'fail', ['policy/waiver-expired', 'sym/removed']],
    ['', 'fail', ['policy/waiver-expired', 'sym/removed']],
  ])('that end on %s: %s', (expires, verdict, rules) => {
    const judged = judge([removed('greet_old')], DEFAULT_POLICY, [waiver({ expires })], TODAY);
    expect(judged.verdict).toBe(verdict);
    expect(rulesOf(judged.findings)).toEqual(rules);
  });

  it('an expired waiver whose finding is gone is unused, not a reason to block', () => {
    const judged = judge([], DEFAULT_POLICY, [waiver({ expires: '2020-01-01' })], TODAY);
    expect(judged.verdict).toBe('pass');
    expect(rulesOf(judged.findings)).toEqual(['policy/waiver-unused']);
  });

  it('an expired waiver beside a valid one for the same finding blocks nothing', () => {
    const waivers = [waiver({ expires: '2020-01-01' }), waiver({ plugin: 'greet' })];
    const judged = judge([removed('greet_old')], DEFAULT_POLICY, waivers, TODAY);
    expect(judged.verdict).toBe('pass');
    expect(rulesOf(judged.findings)).toEqual(['policy/waiver-unused', 'sym/removed']);
  });

  it('are not called unused where a failed build left the later steps out', () => {
    const failed: PlacedFinding = {
      ...finding('build/failed', 'exit 2', { subject: 'make' }),
      plugin: 'greet',
      step: 'build',
    };
    expect(rulesOf(judge([failed], DEFAULT_POLICY, [waiver()], TODAY).findings)).toEqual(['build/failed']);
    const other = judge([failed], DEFAULT_POLICY, [waiver({ plugin: 'other' })], TODAY);
    expect(rulesOf(other.findings)).toEqual(['build/failed', 'policy/waiver-unused']);
  });

  it('are not called unused for plugins that this run left out', () => {
    const rules = (more: Partial<Waiver>, only?: readonly string[]) =>
      rulesOf(judge([], DEFAULT_POLICY, [waiver(more)], TODAY, only).findings);
    expect(rules({ plugin: 'other' }, ['greet'])).toEqual([]);
    expect(rules({}, ['greet'])).toEqual([]);
    expect(rules({ plugin: 'greet' }, ['greet'])).toEqual(['policy/waiver-unused']);
    expect(rules({ plugin: 'other' })).toEqual(['policy/waiver-unused']);
  });

  it('name themselves and their place', () => {
    const location = { file: 'waivers.yml', line: 3 };
    const { findings } = judge(
      [removed('greet_old')],
      DEFAULT_POLICY,
      [waiver({ expires: '2026-11-01', location })],
      TODAY,
    );
    expect(findings[0]).toMatchObject({
      message: 'The waiver of @team for sym/removed on greet_old ended on 2026-11-01; its finding counts again.',
      location,
    });
  });
});

describe('fingerprints', () => {
  const print = (finding: PlacedFinding) => judge([finding], DEFAULT_POLICY, [], TODAY).findings[0]?.fingerprint;

  it('stay when the text, the place and the values change', () => {
    const base = { ...removed('a'), new: 'x' };
    expect(print(base)).toMatch(/^[0-9a-f]{32}$/);
    expect(
      print({ ...base, message: 'other words', location: { file: '/tmp/x.c', line: 7 }, old: '9', new: 'y' }),
    ).toBe(print(base));
    expect(print({ ...base, severity: 'warning', details: 'log', path: ['x'] })).toBe(print(base));
  });

  it('differ when the matter differs', () => {
    const base = removed('a');
    const others: PlacedFinding[] = [
      base,
      { ...base, plugin: 'other' },
      { ...base, target: 'linux/arm64' },
      { ...base, subject: 'b' },
      { ...base, symbol: 'b' },
      { ...base, type: 'b' },
      { ...base, rule: 'sym/added' },
      { ...base, new: 'b' },
      { ...base, subject: undefined, type: 'a' },
      { ...base, subject: 'a"],["b' },
    ];
    expect(new Set(others.map(print)).size).toBe(others.length);
  });

  it('are all different within a report, also for equal findings, and do not move when one is waived', () => {
    const twins = [removed('a', { old: '1' }), removed('a', { old: '2' }), removed('b')];
    const plain = judge(twins, DEFAULT_POLICY, [], TODAY).findings;
    expect(new Set(plain.map(({ fingerprint }) => fingerprint)).size).toBe(3);
    const policy: Policy = { undecided: 'fail', rules: {} };
    const mixed = judge(
      [twins[0] ?? open, { ...removed('a', { old: '2' }), severity: 'note' }],
      policy,
      [],
      TODAY,
    ).findings;
    const of = (findings: typeof plain, old: string) => findings.find((one) => one.old === old)?.fingerprint;
    expect(of(mixed, '1')).toBe(of(plain, '1'));
    expect(of(mixed, '2')).toBe(of(plain, '2'));
  });
});

describe('status and digest', () => {
  it('takes the worst that is not waived', () => {
    const status = (findings: PlacedFinding[], waivers: Waiver[] = []) =>
      statusOf(judge(findings, DEFAULT_POLICY, waivers, TODAY).findings);
    expect(status([])).toBe('pass');
    expect(status([added('a')])).toBe('pass');
    expect(status([open, added('a')])).toBe('undecided');
    expect(status([open, removed('a')])).toBe('fail');
    expect(status([removed('greet_old')], [waiver()])).toBe('pass');
  });

  it('is the same for the same policy, and another for any change', () => {
    const a: Policy = { undecided: 'fail', rules: { 'sym/added': 'off', 'sym/removed': 'error' } };
    const b: Policy = { undecided: 'fail', rules: { 'sym/removed': 'error', 'sym/added': 'off' } };
    const two = [waiver(), waiver({ subject: 'x' })];
    expect(policyDigest(a, two)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(policyDigest(a, two)).toBe(policyDigest(b, two.toReversed()));
    expect(policyDigest(a, [waiver({ location: { file: 'x', line: 1 } })])).toBe(policyDigest(a, [waiver()]));
    const others = [
      policyDigest(a, two),
      policyDigest({ ...a, undecided: 'warn' }, two),
      policyDigest({ ...a, rules: {} }, two),
      policyDigest(a, []),
      policyDigest(a, [waiver({ expires: '2027-07-01' }), waiver({ subject: 'x' })]),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it.each([
    ['2026-11-22', true],
    ['2028-02-29', true],
    ['2027-02-29', false],
    ['2027-13-01', false],
    ['2027-1-1', false],
    ['27-01-01', false],
    ['2027-01-01T00:00:00Z', false],
    ['', false],
  ])('%s is a day: %s', (text, expected) => {
    expect(isDay(text)).toBe(expected);
  });
});
