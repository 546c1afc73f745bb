import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type AcceptOptions, acceptCommand } from '../../src/commands/accept.ts';
import { loadWaivers } from '../../src/config/waivers.ts';
import { isUsageError } from '../../src/errors.ts';
import type { GateReport, JudgedFinding, PluginResult } from '../../src/gate/report.ts';
import { renderJson } from '../../src/report/json.ts';
import type { PlacedFinding } from '../../src/rules/finding.ts';
import { judge } from '../../src/rules/judge.ts';
import { finding } from '../../src/rules/make.ts';
import { DEFAULT_POLICY } from '../../src/rules/policy.ts';
import { sampleFinding, sampleReport } from '../github/sample-report.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace } from '../support/workspace.ts';

const root = workspace();
const TODAY = '2026-11-22';
let count = 0;

const plugin = (target: string): PluginResult => ({
  plugin: 'greet',
  kind: 'elf',
  target,
  status: 'fail',
  steps: [],
  facts: {},
});

/** A directory with a report of these findings. */
function project(
  findings: readonly JudgedFinding[],
  files: Readonly<Record<string, string>> = {},
  targets = ['linux/amd64'],
) {
  const directory = join(root, `project-${count++}`);
  mkdirSync(join(directory, '.plugin-gate'), { recursive: true });
  const report: GateReport = sampleReport(findings, { plugins: targets.map(plugin) });
  writeFileSync(join(directory, 'report.json'), renderJson(report));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  return directory;
}

function accept(directory: string, more: Partial<AcceptOptions> = {}): string {
  const terminal = recordingTerminal();
  const options = {
    report: 'report.json',
    reason: 'never documented',
    owner: '@team',
    directory,
    today: TODAY,
    ...more,
  };
  expect(acceptCommand(options, terminal)).toBe(0);
  return terminal.written.out;
}

function failure(directory: string, more: Partial<AcceptOptions> = {}): string {
  try {
    accept(directory, more);
  } catch (error) {
    if (isUsageError(error)) return error.message;
    throw error;
  }
  return 'no error';
}

const waiversOf = (directory: string, file = '.plugin-gate/waivers.yml') => {
  const loaded = loadWaivers(file, readFileSync(join(directory, file), 'utf8'));
  return 'waivers' in loaded ? loaded.waivers.map(({ location: _, ...waiver }) => waiver) : loaded.problems;
};

describe('accept', () => {
  it('writes a new file with one entry for each finding that blocks', () => {
    const note = sampleFinding(3, { rule: 'sym/added', severity: 'note', blocks: false });
    const directory = project([sampleFinding(1), sampleFinding(2), note]);
    expect(accept(directory)).toBe(`.plugin-gate/waivers.yml, until 2027-02-20:
  added    sym/removed greet_1 (greet)
  added    sym/removed greet_2 (greet)
Have the change reviewed, and commit it.
`);
    expect(readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8')).toBe(
      `# Findings of plugin-gate that were accepted until a day. Reviewed like code.
version: 1
waivers:
  - rule: sym/removed
    subject: greet_1
    plugin: greet
    reason: never documented
    owner: "@team"
    expires: 2027-02-20
  - rule: sym/removed
    subject: greet_2
    plugin: greet
    reason: never documented
    owner: "@team"
    expires: 2027-02-20
`,
    );
    expect(readdirSync(join(directory, '.plugin-gate'))).toEqual(['waivers.yml']);
  });

  it('what it writes makes the gate pass', () => {
    const hostile = [
      'operator*(V)',
      'a\\b',
      'x: y # z',
      '"quoted"',
      "it's",
      '- dash',
      '@at',
      'tab\there',
      'naïve\u202e',
      '*',
    ];
    const placed = hostile.map(
      (symbol): PlacedFinding => ({
        ...finding('sym/removed', 'gone', { subject: symbol, symbol }),
        plugin: 'greet',
        target: 'linux/amd64',
      }),
    );
    const before = judge(placed, DEFAULT_POLICY, [], TODAY);
    const directory = project(before.findings);
    accept(directory);
    const loaded = loadWaivers('w.yml', readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8'));
    const waivers = 'waivers' in loaded ? loaded.waivers : [];
    const after = judge(placed, DEFAULT_POLICY, waivers, TODAY);
    expect(before.verdict).toBe('fail');
    expect(after).toMatchObject({ verdict: 'pass', counts: { waived: hostile.length, warning: 0 } });
  });

  it('keeps the comments, the order and the form of a file', () => {
    const text = `# Owned by the plugins team.
version: 1

waivers:
# the old entry points
- rule: sym/removed # see the changelog
  subject: 'greet_0'
  reason: a long reason that goes on and on and on, well past the eightieth column of the page, which is kept on its line
  owner: me
  expires: 2027-01-01
`;
    const directory = project([sampleFinding(1)], { '.plugin-gate/waivers.yml': text });
    accept(directory);
    expect(readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8')).toBe(`${text}- rule: sym/removed
  subject: greet_1
  plugin: greet
  reason: never documented
  owner: "@team"
  expires: 2027-02-20
`);
  });

  it('selects by rule and subject, and then takes what does not block as well', () => {
    const warning = sampleFinding(3, { rule: 'sym/added', severity: 'warning', blocks: false });
    const directory = project([sampleFinding(1), sampleFinding(2), warning]);
    accept(directory, { rule: 'sym/added' });
    expect(waiversOf(directory)).toMatchObject([{ rule: 'sym/added', subject: 'greet_3' }]);
    accept(directory, { subject: 'greet_2', expires: '2026-12-31' });
    expect(waiversOf(directory)).toMatchObject([
      { subject: 'greet_3' },
      { rule: 'sym/removed', subject: 'greet_2', expires: '2026-12-31' },
    ]);
  });

  it('a pattern selects several findings, each accepted by its own name', () => {
    const directory = project([sampleFinding(1), sampleFinding(2)]);
    accept(directory, { subject: 'greet_*' });
    expect(waiversOf(directory)).toMatchObject([{ subject: 'greet_1' }, { subject: 'greet_2' }]);
  });

  it('renews a waiver that is there', () => {
    const waived = sampleFinding(1, { blocks: false, waiver: { reason: 'r', owner: 'o', expires: '2026-11-30' } });
    const text =
      'version: 1\nwaivers:\n  - rule: sym/removed # why\n    subject: greet_1\n    plugin: greet\n    reason: r\n    owner: o\n    expires: 2026-11-30\n';
    const directory = project([waived], { '.plugin-gate/waivers.yml': text });
    expect(failure(directory)).toBe('The report has no finding that blocks and can be accepted.');
    expect(accept(directory, { subject: 'greet_1' })).toContain('renewed  sym/removed greet_1 (greet)');
    expect(waiversOf(directory)).toEqual([
      {
        rule: 'sym/removed',
        subject: 'greet_1',
        plugin: 'greet',
        reason: 'never documented',
        owner: '@team',
        expires: '2027-02-20',
      },
    ]);
    expect(readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8')).toContain('sym/removed # why');
  });

  it('is no wider than the finding: one target where the others do not have it', () => {
    const targets = ['linux/amd64', 'linux/arm64'];
    const one = project([sampleFinding(1)], {}, targets);
    accept(one);
    expect(waiversOf(one)).toMatchObject([{ subject: 'greet_1', target: 'linux/amd64' }]);
    const both = project([sampleFinding(1), sampleFinding(1, { target: 'linux/arm64' })], {}, targets);
    accept(both);
    expect(waiversOf(both)).toEqual([expect.not.objectContaining({ target: expect.anything() })]);
  });

  it('writes where the configuration says, or where it is told to', () => {
    const config =
      'version: 1\nplugins: [{ name: greet, kind: elf, artifact: a.so }]\npolicy: { waivers: accepted.yml }\n';
    const directory = project([sampleFinding(1)], { 'plugin-gate.yml': config });
    accept(directory);
    expect(waiversOf(directory, 'accepted.yml')).toHaveLength(1);
    accept(directory, { waivers: 'deep/er/w.yml' });
    expect(waiversOf(directory, 'deep/er/w.yml')).toHaveLength(1);
    expect(existsSync(join(directory, '.plugin-gate/waivers.yml'))).toBe(false);
  });
});

describe('accept refuses', () => {
  it.each<[string, Partial<AcceptOptions>, string]>([
    ['no reason', { reason: '  ' }, '--reason is empty: say why the findings are accepted.'],
    ['no owner', { owner: '' }, '--owner is empty: say who answers for it.'],
    ['a reason of two lines', { reason: 'a\nb' }, '--reason: expected one line of text.'],
    ['a day that is past', { expires: '2026-11-21' }, '--expires: 2026-11-21 is past; expected a day to come.'],
    ['no day', { expires: 'soon' }, '--expires: expected a day such as 2027-01-31, not "soon".'],
    ['an unknown rule', { rule: 'sym/remved' }, 'There is no rule "sym/remved". Did you mean sym/removed?'],
    [
      'another subject',
      { subject: 'nothing' },
      'The report has no finding on "nothing" that can be accepted. What blocks in it:\n  sym/removed greet_1 (greet)',
    ],
    [
      'a missing report',
      { report: 'none.json' },
      'none.json: there is no such file; the gate writes report.json into its report directory.',
    ],
    ['a directory as report', { report: '.plugin-gate' }, '.plugin-gate: not a regular file.'],
    ['a missing configuration', { config: 'none.yml' }, 'none.yml: there is no such file.'],
  ])('%s, and writes nothing', (_, more, message) => {
    const directory = project([sampleFinding(1)]);
    expect(failure(directory, more)).toBe(message);
    expect(readdirSync(join(directory, '.plugin-gate'))).toEqual([]);
  });

  it('findings about the gate itself, and removed symbols without a name', () => {
    const findings = [
      sampleFinding(1, { rule: 'policy/waiver-expired' }),
      sampleFinding(2, { subject: undefined, symbol: undefined }),
    ];
    expect(failure(project(findings))).toBe('The report has no finding that blocks and can be accepted.');
  });

  it('a waivers file with faults, and leaves it as it is', () => {
    const text = 'version: 1\nwaivers: [{ rule: x }]\n';
    const directory = project([sampleFinding(1)], { '.plugin-gate/waivers.yml': text });
    expect(failure(directory)).toContain('.plugin-gate/waivers.yml:2:');
    expect(readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8')).toBe(text);
  });

  it('a report that is none', () => {
    const directory = project([], { 'report.json': '{"schema":"plugin-gate/report/v1"}', 'text.json': 'no' });
    expect(failure(directory)).toContain('not a report of plugin-gate');
    expect(failure(directory, { report: 'text.json' })).toContain('not JSON');
  });

  it('to write through a dangling name of its own making', () => {
    const directory = project([sampleFinding(1)]);
    symlinkSync('/nowhere/at/all', join(directory, '.plugin-gate', `waivers.yml.${process.pid}.tmp`));
    expect(() => accept(directory)).toThrow('.plugin-gate/waivers.yml: cannot be written (EEXIST).');
  });
});
