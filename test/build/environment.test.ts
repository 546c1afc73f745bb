import { describe, expect, it } from '@jest/globals';
import { buildEnvironment, tellingVariables } from '../../src/build/environment.ts';
import { projects } from './project.ts';
import { build, requestFor } from './request.ts';

const project = projects();

const SECRETS = {
  GITHUB_TOKEN: 'ghs_1',
  GH_TOKEN: 'ghs_2',
  GITHUB_OUTPUT: '/runner/output',
  GITHUB_ENV: '/runner/env',
  GITHUB_PATH: '/runner/path',
  GITHUB_STATE: '/runner/state',
  GITHUB_STEP_SUMMARY: '/runner/summary',
  ACTIONS_RUNTIME_TOKEN: 'ey',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'ey',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.org',
  ACTIONS_CACHE_URL: 'https://example.org',
  INPUT_TOKEN: 'ghs_3',
  'INPUT_GITHUB-TOKEN': 'ghs_4',
};

describe('buildEnvironment', () => {
  it('passes what a compiler needs and nothing of the job', () => {
    const useful = {
      PATH: '/bin',
      HOME: '/home/me',
      LC_ALL: 'C',
      GOMODCACHE: '/cache',
      CGO_CFLAGS: '-O2',
      CARGO_HOME: '/cargo',
      CC: 'clang',
      SOURCE_DATE_EPOCH: '1',
    };
    const others = {
      AWS_SECRET_ACCESS_KEY: 'x',
      NPM_TOKEN: 'x',
      CARGO_REGISTRY_TOKEN: 'x',
      SSH_AUTH_SOCK: 'x',
      LD_PRELOAD: 'x',
      GIT_SSH: 'x',
    };
    expect(buildEnvironment({ ...useful, ...others, ...SECRETS, UNSET: undefined }, {})).toEqual(useful);
  });

  it('adds what the configuration sets, over what is there', () => {
    expect(buildEnvironment({ CC: 'gcc' }, { CC: 'clang', MY_FLAG: '1' })).toEqual({ CC: 'clang', MY_FLAG: '1' });
  });

  it.each([...Object.keys(SECRETS), 'github_token', 'Actions_Runtime_Token'])(
    'lets no configuration set %s',
    (name) => {
      expect(() => buildEnvironment({}, { [name]: 'x' })).toThrow(`build.env sets ${name}`);
    },
  );

  it('shows in the evidence what shapes the output, not the rest', () => {
    expect(
      Object.keys(tellingVariables({ PATH: '/bin', GOFLAGS: '-v', CC: 'gcc', API_KEY: 'x', https_proxy: 'x' })),
    ).toEqual(['CC', 'GOFLAGS']);
  });
});

describe('a build that looks around', () => {
  it('finds no secret of the job in its environment', async () => {
    const environment = { ...process.env, ...SECRETS };
    const outcome = await build(requestFor(project(), { command: [['sh', '-c', 'env > greet.so']] }, { environment }));
    const seen = Buffer.from(outcome.artifact?.bytes ?? []).toString();
    expect(seen).toContain('PATH=');
    for (const [name, value] of Object.entries(SECRETS)) {
      expect(seen).not.toContain(name);
      expect(seen).not.toContain(value);
    }
  });
});
