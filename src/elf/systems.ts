/**
 * What each distribution release ships, for the version needs that decide whether a plugin loads there. A library gets
 * new symbol versions only with a new upstream release, so one number for each family is enough. Releases oldest first.
 *
 * Sources: glibc versions from packages.debian.org (libc6), packages.ubuntu.com (libc6) and the RHEL release notes
 * (glibc). GLIBCXX and CXXABI by GCC release from the libstdc++ manual, "ABI Policy and Guidelines"; the GCC release
 * from libstdc++6 and libgcc-s1 (Debian, Ubuntu: a newer GCC than the default compiler in some releases) and
 * libstdc++ (RHEL: the system compiler; gcc-toolset links newer parts statically).
 */
export interface SystemRelease {
  readonly distribution: Distribution;
  readonly release: string;
  /** Highest version of each family. GCC is the release that libgcc_s comes from. */
  readonly versions: Readonly<Record<VersionFamily, string>>;
}

export const DISTRIBUTIONS = ['debian', 'ubuntu', 'rhel'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export const VERSION_FAMILIES = ['GLIBC', 'GLIBCXX', 'CXXABI', 'GCC'] as const;
export type VersionFamily = (typeof VERSION_FAMILIES)[number];

type Row = readonly [release: string, glibc: string, glibcxx: string, cxxabi: string, gcc: string];

const TABLE: Readonly<Record<Distribution, readonly Row[]>> = {
  debian: [
    ['8', '2.19', '3.4.20', '1.3.8', '4.9'],
    ['9', '2.24', '3.4.22', '1.3.10', '6.3'],
    ['10', '2.28', '3.4.25', '1.3.11', '8.3'],
    ['11', '2.31', '3.4.28', '1.3.12', '10.2'],
    ['12', '2.36', '3.4.30', '1.3.13', '12.2'],
    ['13', '2.41', '3.4.33', '1.3.15', '14.2'],
  ],
  ubuntu: [
    ['14.04', '2.19', '3.4.19', '1.3.7', '4.9'],
    ['16.04', '2.23', '3.4.21', '1.3.9', '6.0'],
    ['18.04', '2.27', '3.4.25', '1.3.11', '8.4'],
    ['20.04', '2.31', '3.4.28', '1.3.12', '10.5'],
    ['22.04', '2.35', '3.4.30', '1.3.13', '12.3'],
    ['24.04', '2.39', '3.4.33', '1.3.15', '14.2'],
  ],
  rhel: [
    ['6', '2.12', '3.4.13', '1.3.3', '4.4.7'],
    ['7', '2.17', '3.4.19', '1.3.7', '4.8.5'],
    ['8', '2.28', '3.4.25', '1.3.11', '8.5'],
    ['9', '2.34', '3.4.29', '1.3.13', '11.5'],
    ['10', '2.39', '3.4.33', '1.3.15', '14.2'],
  ],
};

/** Every known release, by distribution, oldest first. */
export const SYSTEMS: readonly SystemRelease[] = DISTRIBUTIONS.flatMap((distribution) =>
  TABLE[distribution].map(([release, GLIBC, GLIBCXX, CXXABI, GCC]) => ({
    distribution,
    release,
    versions: { GLIBC, GLIBCXX, CXXABI, GCC },
  })),
);

/** Whether text names a family of {@link SystemRelease.versions}. */
export function isVersionFamily(text: string): text is VersionFamily {
  return VERSION_FAMILIES.some((family) => family === text);
}

/** Compares dotted numbers: negative when `a` is older. `2.4` is older than `2.31`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = Number(left[index] ?? 0) - Number(right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
