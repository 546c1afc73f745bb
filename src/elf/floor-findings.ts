import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { RELR_FLOOR, requiredVersions } from './floors.ts';
import type { ElfImage } from './model.ts';
import { isForMusl } from './musl.ts';
import { compareVersions, SYSTEMS, VERSION_FAMILIES, type VersionFamily } from './systems.ts';
import { type FloorTarget, parseTarget } from './targets.ts';

const MOST_NAMES = 10;

const LIBRARIES: Readonly<Record<VersionFamily, string>> = {
  GLIBC: 'glibc',
  GLIBCXX: 'libstdc++',
  CXXABI: 'libstdc++',
  GCC: 'libgcc_s',
};

/**
 * Whether a target system has every version that the file needs from glibc, libstdc++ and libgcc.
 * @param target `debian:11`, `ubuntu:20.04`, `rhel:8`, `glibc:2.31`, or one that was parsed before
 * @throws UsageError for a target that is not known
 */
export function floorFindings(image: ElfImage, target: string | FloorTarget): readonly Finding[] {
  const system = typeof target === 'string' ? parseTarget(target) : target;
  if (system.musl !== undefined) return muslFindings(image, system.name, system.musl);
  if (isForMusl(image.dynamic)) {
    return [
      finding('dep/foreign-libc', `The file is linked against musl, but ${system.name} has glibc.`, {
        subject: 'musl',
      }),
    ];
  }
  return [
    ...VERSION_FAMILIES.flatMap((family) => familyFindings(image, family, system)),
    ...unknownFindings(image, system),
  ];
}

/** A file for glibc on a system with musl; one for musl loads there as far as its C library goes. */
function muslFindings(image: ElfImage, name: string, musl: string): readonly Finding[] {
  const { loads, reasons } = image.floors.musl;
  if (loads === true) return [];
  const message = [`${name} has musl ${musl}.`, ...reasons].join(' ');
  const fix = `Build it for musl: in a container of ${name}, or with musl-gcc or \`zig cc -target <machine>-linux-musl\`.`;
  return [
    finding('dep/foreign-libc', message, {
      subject: 'glibc',
      fix,
      ...(loads === 'undecided' && { severity: 'undecided' as const }),
    }),
  ];
}

function familyFindings(image: ElfImage, family: VersionFamily, target: FloorTarget): Finding[] {
  const wanted = image.floors.versions[family];
  const limit = target.versions[family];
  if (wanted === undefined || compareVersions(wanted, limit) <= 0) return [];
  const tooNew = new Set(
    requiredVersions(image.versions.needed)
      .filter(
        (need) => need.family === family && need.version !== undefined && compareVersions(need.version, limit) > 0,
      )
      .map((need) => need.name),
  );
  const names = [
    ...new Set(image.undefined.filter(({ version }) => tooNew.has(version ?? '')).map(({ name }) => name)),
  ];
  const library = LIBRARIES[family];
  // Where no version need asks for this much, the packed relocations do.
  const reason =
    tooNew.size === 0
      ? `packed relocations (DT_RELR), which glibc applies from ${RELR_FLOOR} on`
      : `${family}_${wanted}`;
  const more = { subject: family, old: limit, new: wanted, ...namesDetails(names), fix: fixFor(family, target) };
  if (!target.exact.has(family)) {
    return [
      finding(
        'dep/floor-unknown',
        `The file needs ${reason}; whether the ${library} of ${target.name} has it is not known.`,
        more,
      ),
    ];
  }
  return [
    finding(
      'dep/floor-above-target',
      `The file needs ${reason}, but ${target.name} has ${library} with ${family} ${limit}${namesText(names)}.`,
      more,
    ),
  ];
}

function unknownFindings(image: ElfImage, target: FloorTarget): Finding[] {
  return requiredVersions(image.versions.needed)
    .filter((need) => need.version === undefined)
    .slice(0, MOST_NAMES)
    .map((need) =>
      finding('dep/floor-unknown', `The file needs ${need.name}; whether ${target.name} has it is not known.`, {
        subject: need.name,
      }),
    );
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? ` (for ${shown} and ${names.length - 3} more)` : ` (for ${shown})`;
}

function namesDetails(names: readonly string[]): { readonly affected?: readonly string[] } {
  return names.length === 0 ? {} : { affected: names.slice(0, MOST_NAMES) };
}

function fixFor(family: VersionFamily, target: FloorTarget): string {
  if (family === 'GLIBC') {
    const system = SYSTEMS.findLast(
      ({ versions, distribution }) =>
        distribution === 'debian' && compareVersions(versions.GLIBC, target.versions.GLIBC) <= 0,
    );
    const where = system === undefined ? target.name : `${system.distribution}:${system.release}`;
    return `Build with glibc ${target.versions.GLIBC} or older: in a container of ${target.name.startsWith('glibc:') ? where : target.name}, with a sysroot of it, or with \`zig cc -target <machine>-linux-gnu.${target.versions.GLIBC}\`.`;
  }
  return 'Build with the compiler of the target system, or link this library statically (-static-libstdc++ -static-libgcc) and hide its symbols.';
}
