import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { acceptCommand } from '../../src/commands/accept.ts';
import { snapshotCommand } from '../../src/commands/snapshot.ts';
import type { GateReport } from '../../src/gate/report.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { parseReport } from '../../src/report/schema.ts';
import { renderText } from '../../src/report/text.ts';
import { describeWith } from '../support/needs.ts';
import { recordingTerminal } from '../support/terminal.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { compile, gate, rules, summary } from './project.ts';

/** The step compare from end to end: snapshots as baseline, the version that is asked for, waivers of ABI findings. */

const root = workspace();

const HEADER = 'struct point { int x; int y; };\n#line 1 "point.c"\n';
const V1 = `#line 1 "include/point.h"\n${HEADER}int sum(struct point p) { return p.x + p.y; }\nint one(void) { return 1; }\n`;
const GROWN = V1.replace('int y;', 'int y; int z;');
const MORE = `${V1}int two(void) { return 2; }\n`;
const LESS = V1.replace('int one(void) { return 1; }', '');

function config(more: string): string {
  return `version: 1\nplugins:\n  - name: p\n    kind: elf\n    artifact: p.so\n${more}`;
}

/** A project whose previous release is V1. */
function project(now: string, more: string): string {
  const directory = mkdtempSync(join(root, 'p-'));
  compile(directory, 'p-1.so', V1);
  compile(directory, 'p.so', now);
  writeTree(directory, { 'plugin-gate.yml': config(more) });
  return directory;
}

const claims = (version: string, previous = 'version: 1.4.0') =>
  `    version: "${version}"\n    baseline: { file: p-1.so, ${previous} }\n`;

function found(report: GateReport, rule: string) {
  return report.findings.filter((one) => one.rule === rule);
}

describeWith(['cc'], 'the version that a release claims', () => {
  it('is too low for a struct that grew', async () => {
    const { report } = await gate(project(GROWN, claims('1.5.0')));
    expect(report.plugins[0]).toMatchObject({
      compatibility: 'breaking',
      versionAdvice: {
        asks: 'major',
        certain: true,
        claimed: '1.5.0',
        previous: '1.4.0',
        least: '2.0.0',
        enough: false,
      },
      baseline: { version: '1.4.0' },
    });
    expect(found(report, 'version/too-low')).toMatchObject([{ blocks: true, subject: '1.5.0', step: 'compare' }]);
    const line = 'p asks for a major version (2.0.0 or later); the release claims 1.5.0, which is too low';
    expect(renderText(report, { width: 120 })).toContain(line);
    expect(renderMarkdown(report)).toContain(`- ${line.replace(/[()]/g, '\\$&')}`);
    expect(renderHtml(report)).toMatch(
      /<p class="advice">p asks for a major version \(2\.0\.0 or later\); the release claims 1\.5\.0, which is too low<\/p>/,
    );
    expect(parseReport(renderJson(report)).plugins[0]?.versionAdvice).toEqual(report.plugins[0]?.versionAdvice);
  });

  it.each([
    ['a function more in a minor version', MORE, '1.5.0', 'minor'],
    ['the same in a patch version', V1, '1.4.1', 'none'],
  ])('is high enough for %s', async (_name, now, version, asks) => {
    const { report } = await gate(project(now, claims(version)));
    expect(rules(report).filter((rule) => rule.includes('version/'))).toEqual([]);
    expect(report.plugins[0]?.versionAdvice).toMatchObject({ asks, enough: true });
  });

  it('is not judged where the previous one is not known', async () => {
    const { report } = await gate(project(GROWN, '    version: "1.5.0"\n    baseline: { file: p-1.so }\n'));
    expect(found(report, 'version/too-low')).toEqual([]);
    expect(renderText(report)).toContain('p asks for a major version; the release claims 1.5.0\n');
  });
});

describeWith(['cc'], 'a snapshot as the previous release', () => {
  async function withSnapshot(now: string, release?: string): Promise<string> {
    const directory = project(now, '    version: "1.5.0"\n    baseline: { file: p-1.abi.json.gz }\n');
    const output = join(directory, 'p-1.abi.json.gz');
    await snapshotCommand(join(directory, 'p-1.so'), { output, release }, recordingTerminal());
    return directory;
  }

  it('gives the findings that the file gives', async () => {
    const directory = await withSnapshot(GROWN);
    const { report: withIt } = await gate(directory);
    writeTree(directory, { 'plugin-gate.yml': config('    version: "1.5.0"\n    baseline: { file: p-1.so }\n') });
    const { report: withFile } = await gate(directory);
    const plain = ({ findings }: GateReport) =>
      findings.map(({ rule, message, path, affected }) => ({ rule, message, path, affected }));
    expect(plain(withIt)).toEqual(plain(withFile));
    expect(withIt.plugins[0]?.compatibility).toBe('breaking');
    expect(withIt.plugins[0]?.facts).toEqual({
      ...withFile.plugins[0]?.facts,
      loadMs: withIt.plugins[0]?.facts.loadMs,
    });
  });

  it('brings the version of its release along, and is the same where nothing changed', async () => {
    const { report } = await gate(await withSnapshot(V1, '1.4.0'));
    expect(report.plugins[0]).toMatchObject({
      compatibility: 'identical',
      baseline: { version: '1.4.0' },
      versionAdvice: { asks: 'none', enough: true },
    });
    expect(summary(report, 'compare')).toBe('identical with file p-1.abi.json.gz');
  });

  it('that is damaged blocks, and says what to do', async () => {
    const directory = await withSnapshot(V1);
    writeTree(directory, { 'p-1.abi.json.gz': '\u001f' });
    const { report } = await gate(directory);
    expect(rules(report)).toContain('!baseline/unusable');
    const cut = readFileSync(join(await withSnapshot(V1), 'p-1.abi.json.gz')).subarray(0, 100);
    writeFileSync(join(directory, 'p-1.abi.json.gz'), cut);
    const { report: again } = await gate(directory);
    expect(found(again, 'baseline/unusable')[0]?.message).toContain('It is not a whole gzip file.');
  });
});

describeWith(['cc'], 'waivers of ABI findings', () => {
  const terms = { reason: 'all hosts are rebuilt', owner: 'core team', expires: '2027-01-31' };

  async function blocked(now: string): Promise<{ directory: string; report: GateReport }> {
    const directory = project(now, '    baseline: { file: p-1.so }\n');
    const { report } = await gate(directory);
    writeTree(directory, { 'report.json': renderJson(report) });
    return { directory, report };
  }

  function accept(directory: string, more: { rule?: string; subject?: string } = {}): string {
    const terminal = recordingTerminal();
    acceptCommand({ report: 'report.json', ...terms, ...more, directory, today: '2026-11-22' }, terminal);
    return terminal.written.out;
  }

  it('are written by accept, name the type, and let exactly that pass', async () => {
    const { directory, report } = await blocked(GROWN);
    expect(report.verdict).toBe('fail');
    expect(accept(directory)).toContain('struct point');
    const { report: after } = await gate(directory);
    expect(after.verdict).toBe('pass');
    expect(
      after.findings.filter(({ waiver }) => waiver !== undefined).map(({ type, symbol }) => type ?? symbol),
    ).toContain('struct point');
    // Another type that changes is not covered.
    compile(
      directory,
      'p.so',
      GROWN.replace(/point/g, 'place').replace('int one', 'int sum2(struct point *p); int one'),
    );
    expect((await gate(directory)).report.verdict).not.toBe('pass');
  });

  it('match by pattern on the type', async () => {
    const { directory, report } = await blocked(GROWN);
    const rule = report.findings.find(({ type, blocks }) => blocks && type === 'struct point')?.rule ?? '';
    const entry = `  - { rule: ${rule}, subject: "struct po*", reason: r, owner: o, expires: 2027-01-31 }`;
    writeTree(directory, { '.plugin-gate/waivers.yml': `version: 1\nwaivers:\n${entry}\n` });
    const { report: after } = await gate(directory);
    expect(found(after, rule).every(({ waiver, type }) => waiver !== undefined || type !== 'struct point')).toBe(true);
  });

  it('cover a lost entry point by its exact name alone', async () => {
    const { directory } = await blocked(LESS);
    accept(directory, { rule: 'sym/removed', subject: 'one' });
    expect(readFileSync(join(directory, '.plugin-gate/waivers.yml'), 'utf8')).toMatch(
      /rule: sym\/removed\n\s+subject: one\n/,
    );
    expect(found((await gate(directory)).report, 'sym/removed')).toMatchObject([
      { blocks: false, waiver: { owner: 'core team' } },
    ]);
    const pattern = '  - { rule: sym/removed, subject: "o*", reason: r, owner: o, expires: 2027-01-31 }';
    writeTree(directory, { '.plugin-gate/waivers.yml': `version: 1\nwaivers:\n${pattern}\n` });
    await expect(gate(directory)).rejects.toThrow(/name|exact/);
  });
});
