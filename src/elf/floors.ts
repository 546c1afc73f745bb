import type { Dynamic, ElfSymbol, Floors, VersionNeed } from './model.ts';
import { isForMusl, muslVerdict } from './musl.ts';
import {
  compareVersions,
  DISTRIBUTIONS,
  type Distribution,
  isVersionFamily,
  SYSTEMS,
  type SystemRelease,
  type VersionFamily,
} from './systems.ts';

const MOST_SYMBOLS = 20;

/** glibc 2.36 is the first to apply DT_RELR; older ones skip it without a word and the plugin crashes. */
export const RELR_FLOOR = '2.36';

export interface FamilyVersion {
  readonly family: VersionFamily;
  /** Dotted numbers; undefined when it is not known which release brought it. */
  readonly version: string | undefined;
}

/**
 * What a version name asks for: `GLIBC_2.34` is version 2.34 of family GLIBC. Undefined for names outside the four
 * families and for GLIBC_PRIVATE, which no release number satisfies.
 */
export function familyVersion(name: string): FamilyVersion | undefined {
  if (name === 'GLIBC_ABI_DT_RELR') return { family: 'GLIBC', version: RELR_FLOOR };
  // Other markers of this kind, such as GLIBC_ABI_GNU2_TLS, were given to older releases by distributions as well.
  if (name.startsWith('GLIBC_ABI_')) return { family: 'GLIBC', version: undefined };
  const match = /^([A-Z]+)_(\d{1,6}(?:\.\d{1,6}){0,3})$/.exec(name);
  const [, family = '', version] = match ?? [];
  return isVersionFamily(family) ? { family, version } : undefined;
}

/** The version needs of the known families that must be met; weak ones may be missing (VER_FLG_WEAK). */
export function requiredVersions(
  needs: readonly VersionNeed[],
): readonly (FamilyVersion & { readonly name: string })[] {
  return needs.flatMap(({ versions }) =>
    versions.flatMap(({ name, weak }) => {
      const known = weak ? undefined : familyVersion(name);
      return known === undefined ? [] : [{ ...known, name }];
    }),
  );
}

/** The oldest systems that can satisfy the version needs. */
export function readFloors(
  dynamic: Dynamic,
  needs: readonly VersionNeed[],
  undefinedSymbols: readonly ElfSymbol[],
  relr: boolean,
): Floors {
  const required = requiredVersions(needs);
  const highest: Partial<Record<VersionFamily, string>> = {};
  const raise = (family: VersionFamily, version: string): void => {
    const known = highest[family];
    if (known === undefined || compareVersions(version, known) > 0) highest[family] = version;
  };
  for (const { family, version } of required) if (version !== undefined) raise(family, version);
  // Also of a file that needs no C library itself: it is that of its host which relocates it.
  if (relr && !isForMusl(dynamic)) raise('GLIBC', RELR_FLOOR);

  const unknown = required.some(({ version }) => version === undefined);
  const oldest = (distribution: Distribution): string | null => {
    if (unknown || isForMusl(dynamic)) return null;
    return (
      SYSTEMS.find((system) => system.distribution === distribution && satisfies(system, highest))?.release ?? null
    );
  };
  const [debian, ubuntu, rhel] = DISTRIBUTIONS.map(oldest);
  const wanted = highest.GLIBC === undefined ? undefined : `GLIBC_${highest.GLIBC}`;
  const symbols = undefinedSymbols.filter((symbol) => wanted !== undefined && symbol.version === wanted);
  return {
    versions: highest,
    glibcSymbols: [...new Set(symbols.map((symbol) => symbol.name))].sort().slice(0, MOST_SYMBOLS),
    oldest: { debian: debian ?? null, ubuntu: ubuntu ?? null, rhel: rhel ?? null },
    musl: muslVerdict(dynamic, needs, undefinedSymbols),
  };
}

function satisfies(system: SystemRelease, highest: Readonly<Partial<Record<VersionFamily, string>>>): boolean {
  return Object.entries(highest).every(
    ([family, version]) => isVersionFamily(family) && compareVersions(version, system.versions[family]) <= 0,
  );
}
