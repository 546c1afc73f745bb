import type { ElfImage, Floors } from '../elf/model.ts';
import { compareVersions } from '../elf/systems.ts';
import type { Finding } from '../rules/finding.ts';
import { cappedNames, change, listNames, sortedNames } from './fold.ts';
import type { ImagePair } from './model.ts';

const DISTRIBUTIONS = [
  ['debian', 'Debian'],
  ['ubuntu', 'Ubuntu'],
  ['rhel', 'RHEL'],
] as const;

/** The oldest systems that can load the file: GLIBC, GLIBCXX, CXXABI and GCC versions, the kernel, and musl. */
export function compareFloors({ old, new: now }: ImagePair): Finding[] {
  const families = sortedNames([...Object.keys(old.floors.versions), ...Object.keys(now.floors.versions)]);
  const findings = families.flatMap((family) => compareFamily(family, old, now));
  findings.push(...compareKernel(old, now));
  if (old.floors.musl.loads === true && now.floors.musl.loads === false) {
    const reasons = now.floors.musl.reasons;
    const message = ['Musl systems could load the old file and cannot load the new one.', ...reasons].join(' ');
    findings.push(change('change/musl-lost', 'risky', message, { subject: 'musl' }));
  }
  return findings;
}

function compareFamily(family: string, old: ElfImage, now: ElfImage): Finding[] {
  const before = old.floors.versions[family];
  const after = now.floors.versions[family];
  if (before === after) return [];
  const values = { subject: family, ...(before && { old: before }), ...(after && { new: after }) };
  if (after === undefined) {
    return [change('change/floor-lowered', 'compatible', `The file needs no version of ${family} any more.`, values)];
  }
  if (before !== undefined && compareVersions(after, before) < 0) {
    const message = `The file needs ${family} ${after} now; it was ${before}.`;
    return [change('change/floor-lowered', 'compatible', message, values)];
  }
  const users = usersOf(now, family, after);
  const by = users.length === 0 ? '' : `, for ${listNames(users)}`;
  const dropped = lostDistributions(old.floors, now.floors);
  const lost = dropped.length === 0 ? ' Every release known here has it.' : ` ${dropped.join('; ')}.`;
  const effect = dropped.length === 0 ? 'compatible' : 'risky';
  const message = `The file needs ${family} ${after} now${by}; it ${before === undefined ? 'needed none' : `was ${before}`}.${lost}`;
  return [change('change/floor-raised', effect, message, { ...values, affected: cappedNames(users) })];
}

function usersOf(image: ElfImage, family: string, version: string): readonly string[] {
  const node = `${family}_${version}`;
  return sortedNames(image.undefined.flatMap((symbol) => (symbol.version === node ? [symbol.name] : [])));
}

/** `Debian 12 or later instead of 11`, by distribution. */
function lostDistributions(old: Floors, now: Floors): string[] {
  return DISTRIBUTIONS.flatMap(([id, name]) => {
    const [before, after] = [old.oldest[id], now.oldest[id]];
    if (before === null || before === after) return [];
    return [
      after === null ? `No ${name} known so far is new enough` : `${name} ${after} or later instead of ${before}`,
    ];
  });
}

function compareKernel(old: ElfImage, now: ElfImage): Finding[] {
  const [before, after] = [old.notes.minimumKernel, now.notes.minimumKernel];
  if (before === undefined || after === undefined || compareVersions(after, before) <= 0) return [];
  const message = `The file asks for Linux ${after} or later; it was ${before}.`;
  return [change('change/floor-raised', 'risky', message, { subject: 'kernel', old: before, new: after })];
}
