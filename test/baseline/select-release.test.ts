import { describe, expect, it } from '@jest/globals';
import type { ListedRelease } from '../../src/baseline/release-source.ts';
import { candidates, matchingAssets, type ReleaseChoice, versionOfTag } from '../../src/baseline/select-release.ts';

const release = (tag: string, more: Partial<ListedRelease> = {}): ListedRelease => ({
  tag,
  draft: false,
  prerelease: false,
  publishedAt: '2026-01-01T00:00:00Z',
  assets: [],
  ...more,
});

const ALL: readonly ListedRelease[] = [
  release('v2.1.0', { draft: true }),
  release('v1.9.10', { publishedAt: '2026-06-01T00:00:00Z' }),
  release('v2.0.0', { publishedAt: '2026-05-01T00:00:00Z' }),
  release('v2.0.1-rc.1', { prerelease: true }),
  release('v2.0.1-beta'),
  release('v1.9.9'),
  release('nightly'),
  release('greet/v3.0.0'),
];

const tags = (choice: Partial<ReleaseChoice>, own: Parameters<typeof candidates>[2] = {}, latest?: string) =>
  candidates(ALL, { tag: 'v*', select: 'highest', prereleases: false, ...choice }, own, latest).map(
    ({ release: { tag } }) => tag,
  );

describe('versionOfTag', () => {
  it.each([
    ['v1.2.3', '1.2.3'],
    ['1.2.3', '1.2.3'],
    ['greet/v1.2.3-rc.1', '1.2.3-rc.1'],
    ['greet-1.2.3', '1.2.3'],
    ['release-2024', undefined],
    ['v1.2', undefined],
    ['v01.2.3', undefined],
    ['abc1.2.3', undefined],
  ])('%s', (tag, version) => expect(versionOfTag(tag)).toBe(version));
});

describe('the previous release', () => {
  it.each<[string, Partial<ReleaseChoice>, Parameters<typeof candidates>[2], readonly string[]]>([
    ['is the highest version, not the newest', {}, {}, ['v2.0.0', 'v1.9.10', 'v1.9.9']],
    ['is below the version of this release', {}, { version: '2.0.0' }, ['v1.9.10', 'v1.9.9']],
    ['is not the release itself', {}, { tag: 'v2.0.0' }, ['v1.9.10', 'v1.9.9']],
    ['is of the same major version', { line: 'major' }, { version: '1.10.0' }, ['v1.9.10', 'v1.9.9']],
    ['is of the same minor version', { line: 'minor' }, { version: '2.0.7' }, ['v2.0.0']],
    ['is none when the line is not known', { line: 'minor' }, {}, []],
    ['may be a pre-release', { prereleases: true }, {}, ['v2.0.1-rc.1', 'v2.0.1-beta', 'v2.0.0', 'v1.9.10', 'v1.9.9']],
    ['fits another pattern', { tag: 'greet/*' }, {}, ['greet/v3.0.0']],
    ['is the newest by date', { select: 'newest' }, {}, ['v1.9.10', 'v2.0.0', 'v1.9.9']],
  ])('%s', (_name, choice, own, expected) => expect(tags(choice, own)).toEqual(expected));

  it('is the one that GitHub calls the latest', () => {
    expect(tags({ select: 'latest' }, {}, 'v1.9.10')).toEqual(['v1.9.10']);
    expect(tags({ select: 'latest' }, { version: '1.9.10' }, 'v1.9.10')).toEqual([]);
    expect(tags({ select: 'latest' }, {}, undefined)).toEqual([]);
  });

  it('has the assets that fit', () => {
    const assets = ['greet-arm64.so', 'greet-amd64.so', 'greet-amd64.so.sig', '../greet-amd64.so'].map((name, id) => ({
      id,
      name,
      size: 1,
    }));
    const names = (pattern: string) => matchingAssets(release('v1.0.0', { assets }), pattern).map(({ name }) => name);
    expect(names('greet-amd64.so')).toEqual(['greet-amd64.so']);
    expect(names('*-amd64.so*')).toEqual(['greet-amd64.so', 'greet-amd64.so.sig']);
  });
});
