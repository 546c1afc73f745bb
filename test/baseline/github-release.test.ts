import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { digestCache } from '../../src/baseline/digest-cache.ts';
import { fetchRelease, type ReleaseRequest } from '../../src/baseline/github-release.ts';
import { isEnvironmentError } from '../../src/errors.ts';
import { releasesOnGitHub } from '../../src/github/releases.ts';
import { FAST, githubWithPullRequest, TOKEN } from '../github/posting.ts';
import { type GitHubApi, OUTAGE, startGitHubApi } from '../support/github-api/server.ts';
import type { StoredRelease } from '../support/github-api/state.ts';
import { workspace } from '../support/workspace.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const OLD = bytes('the release before');
const DIGEST = 'sha256:b3a0c2a5f2f0b5e5';

function release(tag: string, assets: Readonly<Record<string, Uint8Array>>, more: object = {}): StoredRelease {
  const id = [...tag].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1_000_000;
  return {
    id,
    tag,
    assets: Object.entries(assets).map(([name, one], n) => ({ id: id * 10 + n, name, bytes: one })),
    ...more,
  };
}

async function github(
  releases: readonly StoredRelease[],
  permissions: object = { contents: 'read' },
): Promise<GitHubApi> {
  const api = await githubWithPullRequest({ permissions });
  api.state.releases.push(...releases);
  return api;
}

const root = workspace();
let count = 0;
const fresh = (): string => {
  count += 1;
  return join(root, String(count));
};

function request(api: GitHubApi, config: object = {}, more: Partial<ReleaseRequest> = {}): ReleaseRequest {
  return {
    config: { tag: 'v*', select: 'highest', prereleases: false, asset: '{name}-{arch}.so', ...config },
    tokens: { name: 'greet', os: 'linux', arch: 'amd64' },
    own: { version: '1.3.0' },
    source: releasesOnGitHub(
      { apiUrl: api.apiUrl, token: TOKEN, version: '1.0.0', log: () => {}, retry: FAST, timeoutMs: 2000 },
      { owner: 'octo', repo: 'plugins' },
    ),
    directory: fresh(),
    ...more,
  };
}

async function refused(asked: ReleaseRequest) {
  const { fetched, findings } = await fetchRelease(asked);
  expect(fetched).toBeUndefined();
  expect(existsSync(asked.directory)).toBe(false);
  return findings;
}

describe('the previous release on GitHub', () => {
  it('is the asset of the highest version below, whatever page it is on', async () => {
    const many = Array.from({ length: 130 }, (_, n) => release(`v0.${n}.0`, {}));
    const api = await github([...many, release('v1.2.0', { 'greet-amd64.so': OLD, 'greet-arm64.so': bytes('arm') })]);
    const asked = request(api);
    const { fetched } = await fetchRelease(asked);
    expect(fetched).toEqual({
      root: asked.directory,
      file: 'release',
      source: 'greet-amd64.so of release v1.2.0 of octo/plugins',
      version: '1.2.0',
    });
    expect(readFileSync(join(asked.directory, 'release'))).toEqual(Buffer.from(OLD));
    expect(api.state.complaints).toEqual([]);
    expect(api.operations()).toEqual(['repos/list-releases', 'repos/list-releases', 'repos/get-release-asset']);
  });

  it('has the version of its own release in the name', async () => {
    const api = await github([release('v1.2.0', { 'greet_1.2.0_amd64.so': OLD })]);
    const { fetched } = await fetchRelease(request(api, { asset: '{name}_{version}_{arch}.so' }));
    expect(fetched?.source).toContain('greet_1.2.0_amd64.so');
  });

  it('is not asked for twice: the cache has it by the digest that GitHub gives', async () => {
    const api = await github([release('v1.2.0', { 'greet-amd64.so': OLD })]);
    const directory = fresh();
    const cache = digestCache(directory);
    await fetchRelease(request(api, {}, { cache }));
    const { fetched } = await fetchRelease(request(api, {}, { cache }));
    expect(fetched).toBeDefined();
    expect(api.operations().filter((one) => one === 'repos/get-release-asset')).toHaveLength(1);
    // What somebody else wrote into the cache does not count.
    const [name = ''] = readdirSync(directory);
    writeFileSync(join(directory, name), 'something else');
    const again = request(api, {}, { cache });
    await fetchRelease(again);
    expect(readFileSync(join(again.directory, 'release'))).toEqual(Buffer.from(OLD));
    expect(api.operations().filter((one) => one === 'repos/get-release-asset')).toHaveLength(2);
  });

  it('does not send the token to the host that assets are kept on', async () => {
    const seen: (string | undefined)[] = [];
    const host = createServer((message, response) => {
      seen.push(message.headers.authorization);
      response.end(Buffer.from(OLD));
    });
    await new Promise<void>((done) => host.listen(0, '127.0.0.1', done));
    try {
      const api = await github([release('v1.2.0', { 'greet-amd64.so': OLD })]);
      api.state.assetHost = `http://localhost:${(host.address() as AddressInfo).port}`;
      const { fetched } = await fetchRelease(request(api));
      expect(fetched).toBeDefined();
      expect(seen).toEqual([undefined]);
    } finally {
      host.closeAllConnections();
      host.close();
    }
  });

  it.each<[string, readonly StoredRelease[], object, string, string, RegExp]>([
    ['no release yet', [], {}, 'baseline/first-release', 'note', /has no earlier release/],
    [
      'only a draft, which is this one',
      [release('v1.3.0', {}, { draft: true })],
      {},
      'baseline/first-release',
      'note',
      /has no earlier release/,
    ],
    [
      'no tag that fits',
      [release('w1.0.0', { 'greet-amd64.so': OLD })],
      {},
      'baseline/missing',
      'undecided',
      /None of the 1 release of octo\/plugins \(w1\.0\.0\)/,
    ],
    [
      'no release with this plugin',
      [release('v1.2.0', { 'other.so': OLD }), release('v1.1.0', {})],
      {},
      'baseline/first-release',
      'warning',
      /v1\.2\.0 has other\.so/,
    ],
    [
      'an asset that the last release lost',
      [release('v1.2.0', { 'greet-arm64.so': OLD }), release('v1.1.0', { 'greet-amd64.so': OLD })],
      {},
      'baseline/missing',
      'undecided',
      /v1\.2\.0 of .* has no asset greet-amd64\.so, but v1\.1\.0 had one/,
    ],
    [
      'two assets that fit',
      [release('v1.2.0', { 'greet-amd64.so': OLD, 'greet-amd64.so.gz': OLD })],
      { asset: 'greet-amd64*' },
      'baseline/missing',
      'undecided',
      /2 assets that fit/,
    ],
    [
      'another digest than the configuration pins',
      [release('v1.2.0', { 'greet-amd64.so': OLD })],
      { digest: DIGEST },
      'baseline/unusable',
      'undecided',
      /the configuration pins sha256:b3a0/,
    ],
    [
      'another digest than GitHub says',
      [
        {
          id: 5,
          tag: 'v1.2.0',
          assets: [{ id: 6, name: 'greet-amd64.so', bytes: OLD, digest: `sha256:${'0'.repeat(64)}` }],
        },
      ],
      {},
      'baseline/unusable',
      'undecided',
      /GitHub says sha256:0000/,
    ],
    [
      'an upload that broke off',
      [{ id: 5, tag: 'v1.2.0', assets: [{ id: 6, name: 'greet-amd64.so', bytes: OLD, state: 'starter' }] }],
      {},
      'baseline/first-release',
      'warning',
      /v1\.2\.0 has no assets/,
    ],
  ])('tells %s', async (_name, releases, config, rule, severity, message) => {
    const api = await github(releases, { contents: 'write' });
    const findings = await refused(request(api, config));
    expect(findings).toEqual([expect.objectContaining({ rule, severity, message: expect.stringMatching(message) })]);
  });

  it('is undecided when GitHub does not answer, or does not let the token', async () => {
    const broken = await github([]);
    broken.fail({ operation: 'repos/list-releases', answer: OUTAGE });
    const failed = await fetchRelease(request(broken)).catch((error: unknown) => error);
    expect(isEnvironmentError(failed)).toBe(true);
    expect(broken.operations()).toHaveLength(FAST.attempts);
    const closed = await github([], { contents: 'none' });
    await expect(fetchRelease(request(closed))).rejects.toThrow(/contents: read/);
    const unknown = await startGitHubApi();
    await expect(fetchRelease(request(unknown))).rejects.toThrow(/octo\/plugins cannot be had/);
  });
});
