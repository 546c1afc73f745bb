import semver, { type SemVer } from 'semver';

/** What is raised in a version, the numbers right of it going to zero. */
export type Bump = 'major' | 'minor' | 'patch' | 'none';

export interface Raise {
  /** The lowest version without a pre-release that does. */
  readonly least: string;
  readonly reachedBy: (version: SemVer) => boolean;
}

/**
 * What a version after `before` has to be.
 * A pre-release (2.0.0-rc.1) promises nothing yet, so every later version may follow it, and announces what its release
 * will be, so it reaches what its release reaches.
 */
export function raises(before: SemVer, bump: Bump): Raise {
  if (before.prerelease.length > 0) {
    return {
      least: numbers(before),
      reachedBy: (version) => semver.compare(version, before) >= (bump === 'none' ? 0 : 1),
    };
  }
  const least = leastAfter(before, bump);
  return { least, reachedBy: (version) => semver.compare(numbers(version), least) >= 0 };
}

function leastAfter({ major, minor, patch }: SemVer, bump: Bump): string {
  const next = `${major}.${minor}.${patch + 1}`;
  switch (bump) {
    case 'none':
      return `${major}.${minor}.${patch}`;
    case 'patch':
      return next;
    case 'minor':
      return major > 0 ? `${major}.${minor + 1}.0` : next;
    case 'major':
      if (major > 0) return `${major + 1}.0.0`;
      return minor > 0 ? `0.${minor + 1}.0` : next;
  }
}

function numbers({ major, minor, patch }: SemVer): string {
  return `${major}.${minor}.${patch}`;
}
