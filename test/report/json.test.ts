import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { renderJson } from '../../src/report/json.ts';
import { parseReport, reportJsonSchema } from '../../src/report/schema.ts';
import { manyFindings, SAMPLES, sample, sampleText } from './samples.ts';

const published: unknown = JSON.parse(readFileSync(new URL('../../schema/report.v1.json', import.meta.url), 'utf8'));

function validator() {
  const ajv = new Ajv2020({ allErrors: true });
  addFormats.default(ajv);
  if (typeof published !== 'object' || published === null) throw new Error('schema/report.v1.json is no object');
  return ajv.compile(published);
}

describe('the published schema', () => {
  it('is the one that the program reads reports with (npm run generate rewrites it)', () => {
    expect(published).toEqual(reportJsonSchema());
  });

  it.each(SAMPLES)('accepts the %s report', (name) => {
    const validate = validator();
    expect(validate(JSON.parse(renderJson(sample(name))))).toBe(true);
    expect(validate.errors).toBeNull();
  });

  it('refuses what is no report', () => {
    const validate = validator();
    const report = JSON.parse(sampleText('failing'));
    for (const wrong of [
      {},
      { ...report, verdict: 'ok' },
      { ...report, findings: [{ ...report.findings[0], severity: 'fatal' }] },
      { ...report, findings: [{ ...report.findings[0], fingerprint: 'x' }] },
      { ...report, durationMs: -1 },
    ]) {
      expect(validate(wrong)).toBe(false);
    }
  });
});

describe('renderJson', () => {
  it.each(SAMPLES)('loses nothing of the %s report', (name) => {
    expect(parseReport(renderJson(sample(name)))).toEqual(sample(name));
  });

  it('writes keys in one order, however the report was put together', () => {
    const report = sample('failing');
    const backwards = JSON.parse(JSON.stringify(report), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    expect(renderJson(backwards)).toBe(renderJson(report));
    expect(renderJson(report).slice(0, 39)).toBe('{\n  "schema": "plugin-gate/report/v1",\n');
  });

  it('writes 64-bit numbers of evidence, and leaves its order alone', () => {
    const report = sample('passing');
    const [plugin] = report.plugins;
    if (plugin === undefined) throw new Error('no plugin in the sample');
    const evidence = { z: 1n, a: 2n ** 63n };
    const steps = plugin.steps.map((step) => ({ ...step, evidence }));
    const written = JSON.parse(renderJson({ ...report, plugins: [{ ...plugin, steps }] }));
    expect(Object.entries(written.plugins[0].steps[0].evidence)).toEqual([
      ['z', 1],
      ['a', '9223372036854775808'],
    ]);
  });
});

describe('parseReport', () => {
  it('names the places that are wrong', () => {
    const report = JSON.parse(sampleText('failing'));
    report.plugins[0].steps[1].status = 'great';
    report.findings[2].location = { file: 'a.c', line: 0 };
    expect(() => parseReport(JSON.stringify(report))).toThrow(
      /plugins\.0\.steps\.1\.status[\s\S]*findings\.2\.location\.line/,
    );
  });

  it.each([
    ['no JSON', '{"schema": '],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['another schema', '{"schema":"plugin-gate/diff/v1"}'],
    ['depth without end', '['.repeat(100_000)],
    ['an unknown rule', sampleText('passing').replace('sym/added', 'sym/never-heard-of')],
    ['a text without end', sampleText('passing').replace('sym/added', `sym/${'a'.repeat(100_000)}`)],
  ])('refuses %s with a usage error', (_, text) => {
    expect(() => parseReport(text)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  it('refuses what is larger than the limit before it reads it', () => {
    expect(() => parseReport(sampleText('failing'), 1000)).toThrow(/longer than 1000 characters/);
  });

  it('drops keys that it does not know, __proto__ among them', () => {
    const text = sampleText('passing').replace('{', '{"extra": 1, "__proto__": {"polluted": true},');
    const report = parseReport(text);
    expect(report).toEqual(sample('passing'));
    expect('polluted' in report).toBe(false);
  });

  it('reads ten thousand findings', () => {
    expect(parseReport(renderJson(manyFindings(10_000))).findings).toHaveLength(10_000);
  });
});
