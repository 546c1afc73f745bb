import { describe, expect, it } from '@jest/globals';
import { gateEnvironment } from '../../src/action/environment.ts';
import { readInputs } from '../../src/action/inputs.ts';

const read = (inputs: Readonly<Record<string, string>>) =>
  readInputs((name) => inputs[name] ?? '', '/home/runner/work/o/r');

describe('the inputs of the Action', () => {
  it('leave to the configuration what is not set', () => {
    expect(read({})).toEqual({ config: 'plugin-gate.yml', workingDirectory: '/home/runner/work/o/r', token: '' });
  });

  it('are taken as given', () => {
    const inputs = {
      config: 'gate.yml',
      'working-directory': 'plugins/greet',
      token: 'ghs_x',
      comment: 'on-failure',
      'check-run': 'false',
      'report-directory': 'out',
      key: 'arm64',
    };
    expect(read(inputs)).toEqual({
      config: 'gate.yml',
      workingDirectory: '/home/runner/work/o/r/plugins/greet',
      token: 'ghs_x',
      comment: 'on-failure',
      checkRun: false,
      reportDirectory: 'out',
      key: 'arm64',
    });
  });

  it('are all refused at once, each by its name', () => {
    const wrong = {
      'working-directory': '../other',
      config: 'a\nb',
      comment: 'sometimes',
      'check-run': 'yes',
      'report-directory': '.',
      key: '--> x',
    };
    let message = '';
    try {
      read(wrong);
    } catch (error) {
      expect(error).toMatchObject({ name: 'UsageError' });
      message = String(error);
    }
    for (const name of Object.keys(wrong)) expect(message).toContain(`input "${name}": expected`);
    expect(message).toContain('expected always, on-change, on-failure or never, not "sometimes"');
  });

  it('refuses a report directory that holds the sources', () => {
    for (const directory of ['.', '..', '/home/runner', '/']) {
      expect(() => read({ 'report-directory': directory })).toThrow(/report-directory/);
    }
    expect(read({ 'report-directory': '/tmp/reports' }).reportDirectory).toBe('/tmp/reports');
  });
});

describe('the environment of the gate', () => {
  it('holds nothing with which a build could act for the job', () => {
    const env = {
      PATH: '/bin',
      GITHUB_SHA: 'x',
      INPUT_TOKEN: 't',
      'INPUT_REPORT-DIRECTORY': 'd',
      ACTIONS_RUNTIME_TOKEN: 't',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
      GITHUB_OUTPUT: 'f',
      GITHUB_ENV: 'f',
      GITHUB_PATH: 'f',
      GITHUB_STATE: 'f',
      GITHUB_STEP_SUMMARY: 'f',
      UNSET: undefined,
    };
    expect(gateEnvironment(env)).toEqual({ PATH: '/bin', GITHUB_SHA: 'x' });
  });
});
