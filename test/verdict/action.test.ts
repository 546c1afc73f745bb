import { describe, expect, it } from '@jest/globals';
import { gateEnvironment, signingEnvironment } from '../../src/action/environment.ts';
import { readInputs } from '../../src/action/inputs.ts';
import { outputsOf } from '../../src/action/outputs.ts';
import type { GateReport, PluginResult } from '../../src/gate/report.ts';

const digest = `sha256:${'1'.repeat(64)}`;

function plugin(name: string, file?: string): PluginResult {
  const signed = (suffix: string) => ({ file: `${file}${suffix}`, digest });
  return {
    plugin: name,
    kind: 'elf',
    target: 'linux/amd64',
    status: 'pass',
    steps: [],
    facts: {},
    verdict: {
      result: 'passed',
      policy: digest,
      resource: `pkg:generic/${name}`,
      ...(file === undefined
        ? {}
        : { summary: signed('.vsa.sigstore.json'), testResult: signed('.test-result.sigstore.json') }),
    },
  };
}

const report: GateReport = {
  schema: 'plugin-gate/report/v1',
  tool: { name: 'plugin-gate', version: '1.0.0' },
  verdict: 'pass',
  headline: 'Nothing blocks.',
  startedAt: '2026-11-22T12:00:00.000Z',
  durationMs: 1,
  config: { file: 'plugin-gate.yml', digest },
  plugins: [plugin('a', 'build/a.so'), plugin('b'), plugin('c', 'c.so')],
  findings: [],
  counts: { error: 0, warning: 0, note: 0, undecided: 0, waived: 0, blocking: 0 },
};

describe('the Action', () => {
  it('gives what an identity token can be had with to the signing, and to no program that the gate starts', () => {
    const env = {
      PATH: '/bin',
      INPUT_TOKEN: 'ghs_secret',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://runner.example/token',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
      ACTIONS_RUNTIME_TOKEN: 'another secret',
    };
    expect(gateEnvironment(env)).toEqual({ PATH: '/bin' });
    expect(signingEnvironment(env)).toEqual({
      PATH: '/bin',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://runner.example/token',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
    });
    expect(signingEnvironment({ PATH: '/bin' })).toEqual({ PATH: '/bin' });
  });

  it.each([
    ['', undefined],
    ['true', true],
    ['false', false],
  ])('takes the input sign: "%s"', (text, sign) => {
    expect(readInputs((name) => (name === 'sign' ? text : ''), '/work').sign).toBe(sign);
  });

  it('refuses another word', () => {
    expect(() => readInputs((name) => (name === 'sign' ? 'yes' : ''), '/work')).toThrow(
      /input "sign": expected true or false/,
    );
  });

  it('hands on where the verdicts and the record are, absolute, one a line', () => {
    const outputs = outputsOf(report, '/work/report', [], { root: '/work/sub', record: '/work/sub/decisions.jsonl' });
    expect(outputs).toMatchObject({
      'verification-summaries': '/work/sub/build/a.so.vsa.sigstore.json\n/work/sub/c.so.vsa.sigstore.json',
      'test-results': '/work/sub/build/a.so.test-result.sigstore.json\n/work/sub/c.so.test-result.sigstore.json',
      record: '/work/sub/decisions.jsonl',
    });
  });

  it('hands on nothing of a report that another run made', () => {
    const outputs = outputsOf(report, '', []);
    expect([outputs['verification-summaries'], outputs['test-results'], outputs.record]).toEqual(['', '', '']);
  });
});
