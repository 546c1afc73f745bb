import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { GateReport } from '../../src/gate/report.ts';
import { renderSarif } from '../../src/report/sarif.ts';
import { catalogue } from '../../src/rules/catalogue.ts';
import { manyFindings, SAMPLES, sample } from './samples.ts';

// A pattern of the official schema is valid without the u flag alone.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(
  JSON.parse(readFileSync(new URL('../fixtures/schemas/sarif-schema-2.1.0.json', import.meta.url), 'utf8')),
);

const runOf = (report: GateReport) => JSON.parse(renderSarif(report)).runs[0];

describe('renderSarif', () => {
  it.each(SAMPLES)('writes the %s report as the official schema asks', (name) => {
    validate(JSON.parse(renderSarif(sample(name))));
    expect(validate.errors).toBeNull();
  });

  it('gives every result a place inside the repository', () => {
    for (const name of SAMPLES) {
      const { results } = runOf(sample(name));
      expect(results).toHaveLength(sample(name).findings.length);
      for (const result of results) {
        const { artifactLocation, region } = result.locations[0].physicalLocation;
        expect(artifactLocation.uri).toMatch(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._/%-]+$/);
        expect(region.startLine).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it('places findings at their source, else at the plugin, else at the configuration', () => {
    const { results } = runOf(sample('failing'));
    const uris = results.map(
      (result: { ruleId: string; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) => [
        result.ruleId,
        result.locations[0]?.physicalLocation.artifactLocation.uri,
      ],
    );
    expect(uris).toContainEqual(['build/failed', 'audit%20log/sink.c']);
    expect(uris).toContainEqual(['fit/version-missing', 'build/arm64/greet.so']);
    const [first] = sample('undecided').findings;
    if (first === undefined) throw new Error('no finding in the sample');
    const { plugin: _, ...unplaced } = first;
    const run = runOf({ ...sample('undecided'), findings: [unplaced] });
    expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('plugin-gate.yml');
  });

  it('marks waived findings as suppressed and keeps fingerprints', () => {
    const report = sample('waived');
    const [result] = runOf(report).results;
    expect(result.suppressions).toEqual([
      {
        kind: 'external',
        status: 'accepted',
        justification: 'Never documented; no consumer links it. (@acme/plugins, until 2027-03-01)',
      },
    ]);
    expect(result.partialFingerprints['pluginGate/v1']).toBe(report.findings[0]?.fingerprint);
    expect(runOf(sample('failing')).results[0].suppressions).toBeUndefined();
  });

  it('describes every rule of the catalogue, and results point at theirs', () => {
    const run = runOf(sample('failing'));
    const { rules } = run.tool.driver;
    expect(rules.map(({ id }: { id: string }) => id).sort()).toEqual(Object.keys(catalogue).sort());
    for (const { ruleId, ruleIndex } of run.results) expect(rules[ruleIndex].id).toBe(ruleId);
    for (const { properties } of rules) {
      expect(properties.tags.length).toBeLessThanOrEqual(20);
      expect('security-severity' in properties).toBe(properties.tags.includes('security'));
    }
  });

  it('raises what blocks and could not be decided to an error', () => {
    const report = sample('undecided');
    expect(runOf(report).results[0].level).toBe('error');
    const findings = report.findings.map((finding) => ({ ...finding, blocks: false }));
    expect(runOf({ ...report, findings }).results[0].level).toBe('warning');
  });

  it('makes no link of a hostile message', () => {
    for (const { message } of runOf(sample('hostile')).results) expect(message.text).not.toMatch(/(?<!\\)\]\(/);
  });

  it.each([
    ['many findings', manyFindings(30_000)],
    [
      'long findings',
      (() => {
        const report = manyFindings(3_000);
        const findings = report.findings.map((finding, index) => ({
          ...finding,
          details: `${index}é`.repeat(3_000),
          fix: 'ü'.repeat(60_000),
        }));
        return { ...report, findings };
      })(),
    ],
  ])('stays inside the limits of GitHub with %s, and says what it left out', (_, report) => {
    const text = renderSarif(report);
    const run = JSON.parse(text).runs[0];
    expect(gzipSync(text).length).toBeLessThan(10_000_000);
    expect(run.results.length).toBeLessThanOrEqual(25_000);
    const left = (report.findings.length - run.results.length).toLocaleString('en');
    expect(run.invocations[0].toolExecutionNotifications[0].message.text).toContain(`${left} more findings`);
    expect(run.results[0].partialFingerprints['pluginGate/v1']).toBe(report.findings[0]?.fingerprint);
  });
});
