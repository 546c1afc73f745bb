import semver from 'semver';
import { matchesGlob } from '../text/path-glob.ts';
import type { ListedAsset, ListedRelease } from './release-source.ts';

/** Which release counts as the previous one. */
export interface ReleaseChoice {
  /** Pattern of the tag; `*` stands for any characters but a slash. */
  readonly tag: string;
  /** `highest` version, the one that GitHub calls `latest`, or the `newest` by date. */
  readonly select: 'highest' | 'latest' | 'newest';
  readonly prereleases: boolean;
  /** Only releases with the major version of this one, or with its major and minor version. */
  readonly line?: 'major' | 'minor';
}

/** What is known of the release that the gate is for. */
export interface ThisRelease {
  /** Its version, when the configuration or the tag tells it. */
  readonly version?: string;
  readonly tag?: string;
}

export interface Candidate {
  readonly release: ListedRelease;
  /** Version in the tag. */
  readonly version?: string;
}

/** The version at the end of a tag: `v1.2.3`, `greet/v1.2.3`, `greet-1.2.3-rc.1`. */
export function versionOfTag(tag: string): string | undefined {
  const text = /(?:^|[^0-9A-Za-z.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1];
  return text === undefined ? undefined : (semver.valid(text) ?? undefined);
}

/**
 * Releases that could be the previous one, the best first. Drafts are none, nor is the release that the gate is for, nor
 * one with a version that is not below it: a fix for an old line is compared with that line, not with a newer one.
 * @param latest tag of the release that the forge calls the latest
 */
export function candidates(
  releases: readonly ListedRelease[],
  choice: ReleaseChoice,
  own: ThisRelease,
  latest?: string,
): readonly Candidate[] {
  const version = own.version ?? (own.tag === undefined ? undefined : versionOfTag(own.tag));
  const possible = releases
    .filter(({ tag, draft, prerelease }) => {
      return !draft && tag !== own.tag && matchesGlob(choice.tag, tag) && (choice.prereleases || !prerelease);
    })
    .map((release): Candidate => ({ release, version: versionOfTag(release.tag) }))
    .filter((one) => choice.prereleases || one.version === undefined || semver.prerelease(one.version) === null)
    .filter((one) => version === undefined || one.version === undefined || semver.lt(one.version, version))
    .filter((one) => isOfLine(one.version, version, choice.line));
  switch (choice.select) {
    case 'latest':
      return possible.filter(({ release }) => release.tag === latest);
    case 'newest':
      return possible.sort((a, b) => compareText(b.release.publishedAt ?? '', a.release.publishedAt ?? ''));
    case 'highest':
      return possible
        .filter((one) => one.version !== undefined)
        .sort((a, b) => semver.compareBuild(b.version ?? '0.0.0', a.version ?? '0.0.0'));
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isOfLine(version: string | undefined, own: string | undefined, line: ReleaseChoice['line']): boolean {
  if (line === undefined) return true;
  if (version === undefined || own === undefined) return false;
  if (semver.major(version) !== semver.major(own)) return false;
  return line === 'major' || semver.minor(version) === semver.minor(own);
}

/** The assets whose names fit the pattern, in the order of their names. */
export function matchingAssets(release: ListedRelease, pattern: string): readonly ListedAsset[] {
  return release.assets
    .filter(({ name }) => !name.includes('/') && matchesGlob(pattern, name))
    .sort((a, b) => compareText(a.name, b.name));
}
