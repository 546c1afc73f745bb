import { UsageError } from '../errors.ts';
import { truncate } from '../text/truncate.ts';
import { compareVersions, DISTRIBUTIONS, type Distribution, SYSTEMS, type VersionFamily } from './systems.ts';

/** A system that a plugin must load on. */
export interface FloorTarget {
  /** As given: `debian:11`, `glibc:2.31`. */
  readonly name: string;
  /**
   * Highest version of each family that the target is known to have. For a bare glibc version the others are what every known
   * system with that glibc or a newer one has; above that they are unknown, not absent.
   */
  readonly versions: Readonly<Record<VersionFamily, string>>;
  /** The families whose limit is exact: above it the target cannot load the file. */
  readonly exact: ReadonlySet<VersionFamily>;
  /** Version of musl, where that is the C library of the target; there are no symbol versions then. */
  readonly musl?: string;
}

/** Releases of Alpine Linux with their musl (pkgs.alpinelinux.org, package musl). */
export const ALPINE: Readonly<Record<string, string>> = {
  '3.16': '1.2.3',
  '3.17': '1.2.3',
  '3.18': '1.2.4',
  '3.19': '1.2.4',
  '3.20': '1.2.5',
  '3.21': '1.2.5',
  '3.22': '1.2.5',
};

/**
 * Reads a target: `debian:11`, `ubuntu:20.04`, `rhel:8`, `alpine:3.20` or `glibc:2.31`.
 * @throws UsageError for anything else, with what is known
 */
export function parseTarget(text: string): FloorTarget {
  const name = text.trim();
  const shown = truncate(name, 60);
  const [, kind = '', release = ''] = /^([a-z]+):([0-9][0-9.]*)$/.exec(name) ?? [];
  if (kind === 'glibc' && /^2\.\d{1,3}(?:\.\d{1,3})?$/.test(release)) return glibcTarget(name, release);
  if (kind === 'alpine') return alpineTarget(name, release);
  const distribution = DISTRIBUTIONS.find((name) => name === kind);
  if (distribution === undefined) {
    throw new UsageError(
      `The target "${shown}" is not known. A target is debian:<release>, ubuntu:<release>, rhel:<release>, alpine:<release> or glibc:<version>, for example debian:12 or glibc:2.31.`,
    );
  }
  const system = SYSTEMS.find((known) => known.distribution === distribution && known.release === release);
  if (system === undefined) {
    throw new UsageError(
      `The target "${shown}" is not known. Known releases of ${distribution}: ${releasesOf(distribution).join(', ')}. For another one give its C library, for example glibc:2.39.`,
    );
  }
  return { name, versions: system.versions, exact: new Set(['GLIBC', 'GLIBCXX', 'CXXABI', 'GCC']) };
}

function alpineTarget(name: string, release: string): FloorTarget {
  const musl = Object.hasOwn(ALPINE, release) ? ALPINE[release] : undefined;
  if (musl === undefined) {
    throw new UsageError(
      `The target "${truncate(name, 60)}" is not known. Known releases of alpine: ${Object.keys(ALPINE).join(', ')}.`,
    );
  }
  return { name, versions: { GLIBC: '0', GLIBCXX: '0', CXXABI: '0', GCC: '0' }, exact: new Set(), musl };
}

function releasesOf(distribution: Distribution): readonly string[] {
  return SYSTEMS.filter((system) => system.distribution === distribution).map((system) => system.release);
}

function glibcTarget(name: string, glibc: string): FloorTarget {
  const systems = SYSTEMS.filter((system) => compareVersions(system.versions.GLIBC, glibc) >= 0);
  const least = (family: VersionFamily): string =>
    systems.map((system) => system.versions[family]).sort(compareVersions)[0] ?? '0';
  return {
    name,
    versions: { GLIBC: glibc, GLIBCXX: least('GLIBCXX'), CXXABI: least('CXXABI'), GCC: least('GCC') },
    exact: new Set(['GLIBC']),
  };
}
