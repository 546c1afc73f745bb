import type { Finding, Severity } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { ElfImage } from './model.ts';

const MOST_NAMES = 5;
const MOST_PATHS = 20;

/** Needs that hold on the build machine only. */
export function needFindings(image: ElfImage): readonly Finding[] {
  return [...pathFindings(image), ...privateFindings(image)];
}

function pathFindings({ dynamic }: ElfImage): Finding[] {
  const findings: Finding[] = [];
  if (dynamic.rpath !== undefined && dynamic.runpath === undefined) {
    findings.push(finding('dep/rpath', `The file has DT_RPATH ${dynamic.rpath}.`, { subject: 'DT_RPATH' }));
  }
  const paths = [...new Set(dynamic.needed)].filter((library) => library.includes('/'));
  for (const library of paths.slice(0, MOST_PATHS)) {
    const [severity, where] = placeOf(library);
    findings.push(finding('dep/needed-path', `The file needs ${library}, ${where}.`, { subject: library, severity }));
  }
  return findings;
}

function placeOf(library: string): readonly [Severity, string] {
  // The loader replaces $ORIGIN in needed names as well: such a name travels with the plugin.
  if (/^\$(?:ORIGIN|\{ORIGIN\})\//.test(library)) return ['note', 'at that place beside itself'];
  if (library.startsWith('/')) return ['warning', 'at this very path'];
  return ['error', 'which is looked for from the working directory of the host'];
}

function privateFindings({ versions, undefined: missing }: ElfImage): Finding[] {
  const libraries = versions.needed.filter((need) =>
    need.versions.some(({ name, weak }) => name === 'GLIBC_PRIVATE' && !weak),
  );
  if (libraries.length === 0) return [];
  const names = missing.filter((symbol) => symbol.version === 'GLIBC_PRIVATE').map((symbol) => symbol.name);
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const which = names.length === 0 ? '' : ` (${shown}${more})`;
  return [
    finding(
      'dep/private-version',
      `The file uses GLIBC_PRIVATE of ${libraries.map((need) => need.library).join(', ')}${which}.`,
      {
        subject: 'GLIBC_PRIVATE',
      },
    ),
  ];
}
