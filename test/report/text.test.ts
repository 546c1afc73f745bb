import { describe, expect, it } from '@jest/globals';
import { renderFindings } from '../../src/report/finding-text.ts';
import { renderText } from '../../src/report/text.ts';
import { columns } from '../../src/text/columns.ts';
import { COLOURED, PLAIN } from '../../src/text/style.ts';
import { stripAnsi } from '../../src/text/terminal.ts';
import { escapeLog } from '../../src/text/workflow.ts';
import { expectText } from './expected.ts';
import { manyFindings, SAMPLES, sample } from './samples.ts';

describe('renderText', () => {
  it.each(SAMPLES)('writes the %s report as test/report/expected/ shows', (name) => {
    expectText(`${name}.txt`, renderText(sample(name), { written: ['plugin-gate-report/report.html'] }));
  });

  it('says the same with colour', () => {
    const coloured = renderText(sample('failing'), { colour: true });
    expect(coloured).toContain('\x1b[31m');
    expect(stripAnsi(coloured)).toBe(renderText(sample('failing')));
  });

  it.each([60, 80, 120])('keeps sentences inside %d columns', (width) => {
    const sentences = renderText(sample('failing'), { width })
      .split('\n')
      .filter((line) => !/[│/]|linux/.test(line));
    expect(sentences.length).toBeGreaterThan(20);
    const wide = sentences.filter((line) => columns(line) > width && line.trim().includes('  ') === false);
    expect(wide).toEqual([]);
  });

  it('writes no control character of a hostile report, with and without colour', () => {
    const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;
    expect(renderText(sample('hostile'))).not.toMatch(control);
    const coloured = renderText(sample('hostile'), { colour: true });
    expect(coloured.replace(/\x1b\[[0-9]+m/g, '')).not.toMatch(control);
  });

  it('leaves no workflow command once it is made fit for a log', () => {
    const lines = escapeLog(renderText(sample('hostile'))).split('\n');
    expect(lines.filter((line) => line.trim().startsWith('::') || line.includes('##['))).toEqual([]);
  });

  it('tells how many of ten thousand findings are not shown', () => {
    const text = renderText(manyFindings(10_000));
    expect(text).toContain('Errors (10,000)');
    expect(text).toContain('… and 9,950 more');
    expect(text.length).toBeLessThan(40_000);
  });
});

describe('renderFindings', () => {
  it('prints any command’s findings in the style of the report', () => {
    const text = renderFindings(sample('failing').findings, PLAIN);
    const marks = text.split('\n').flatMap((line) => /^(Errors|Undecided|Warnings|Notes) /.exec(line)?.[1] ?? []);
    expect(marks).toEqual(['Errors', 'Undecided', 'Warnings', 'Notes']);
    expect(text).toContain('    change    24 bytes → 40 bytes\n');
    expect(stripAnsi(renderFindings(sample('failing').findings, COLOURED))).toBe(text);
  });

  it('is empty for no findings, and counts what a limit leaves out', () => {
    expect(renderFindings([], PLAIN)).toBe('');
    expect(renderFindings(manyFindings(30).findings, { style: PLAIN, limit: 3 })).toContain('… and 27 more');
  });
});
