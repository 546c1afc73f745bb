import type { RuleId } from '../rules/catalogue.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { ALWAYS_FORTIFIED, OVERFLOWS_EASILY } from './fortify.ts';
import { isGo } from './go.ts';
import type { ElfImage } from './model.ts';
import { type SearchPathKind, searchPathEntries } from './search-path.ts';

/** A hostile file can have any number of bad entries; the first few say it all. */
const MOST_OF_A_KIND = 20;

const PATH_RULES: Readonly<Record<Exclude<SearchPathKind, 'fixed'>, RuleId>> = {
  relative: 'hard/search-path-relative',
  writable: 'hard/search-path-writable',
  'build-directory': 'hard/search-path-build-directory',
  'above-origin': 'hard/search-path-escapes-origin',
};

/** How the file weakens the host that loads it. Nothing is said of files that are not loaded (object files, dumps). */
export function hardeningFindings(
  image: ElfImage,
  { branchProtection }: { readonly branchProtection: boolean },
): readonly Finding[] {
  if ((image.header.type !== 'dyn' && image.header.type !== 'exec') || image.segments.length === 0) return [];
  return [
    ...memoryFindings(image),
    ...searchPathFindings(image),
    ...compilerFindings(image),
    ...(branchProtection ? branchProtectionFindings(image) : []),
  ];
}

function memoryFindings(image: ElfImage): Finding[] {
  const { hardening, segments, relocations } = image;
  const findings: Finding[] = [];
  if (!hardening.nxStack) {
    const marked = segments.some((segment) => segment.type === 'GNU_STACK');
    const why = marked
      ? 'PT_GNU_STACK has the executable flag'
      : 'it has no PT_GNU_STACK, which means an executable stack on this machine';
    findings.push(
      finding('hard/executable-stack', `The file asks for an executable stack: ${why}.`, { subject: 'PT_GNU_STACK' }),
    );
  }
  const open = [...segments.entries()].filter(([, { type, flags }]) => type === 'LOAD' && flags.write && flags.execute);
  for (const [index] of open.slice(0, MOST_OF_A_KIND)) {
    findings.push(
      finding('hard/writable-executable-segment', `Segment ${index} is mapped writable and executable.`, {
        subject: `PT_LOAD ${index}`,
      }),
    );
  }
  if (hardening.textRelocations) {
    const what =
      relocations.text === 0
        ? 'Relocations change'
        : relocations.text === 1
          ? '1 relocation changes'
          : `${relocations.text} relocations change`;
    findings.push(finding('hard/text-relocations', `${what} memory that is not writable.`, { subject: 'DT_TEXTREL' }));
  }
  // Relocations that only the loader writes are what RELRO protects; without any there is nothing to protect.
  if (hardening.relro === 'none' && relocations.total > 0) {
    findings.push(finding('hard/no-relro', 'The file has no PT_GNU_RELRO segment.', { subject: 'PT_GNU_RELRO' }));
  } else if (hardening.relro === 'partial') {
    findings.push(
      finding('hard/partial-relro', 'The file has a PT_GNU_RELRO segment, but binds functions lazily.', {
        subject: 'PT_GNU_RELRO',
      }),
    );
  }
  return findings;
}

function searchPathFindings({ dynamic }: ElfImage): Finding[] {
  // The loader ignores DT_RPATH when there is a DT_RUNPATH.
  const [tag, path] =
    dynamic.runpath === undefined ? (['RPATH', dynamic.rpath] as const) : (['RUNPATH', dynamic.runpath] as const);
  if (path === undefined) return [];
  if (path === '') return [];
  const findings = new Map<string, Finding>();
  for (const { text, kind } of searchPathEntries(path)) {
    if (kind === 'fixed' || findings.has(text)) continue;
    const entry = text === '' ? 'an empty entry' : `the entry ${text}`;
    findings.set(
      text,
      finding(PATH_RULES[kind], `${tag} has ${entry}, which means ${PATH_MEANING[kind]}.`, {
        subject: text === '' ? `empty ${tag} entry` : text,
      }),
    );
  }
  return [...findings.values()].slice(0, MOST_OF_A_KIND);
}

const PATH_MEANING: Readonly<Record<Exclude<SearchPathKind, 'fixed'>, string>> = {
  relative: 'the working directory of the host',
  writable: 'a directory that every user can write to',
  'build-directory': 'a directory of the machine it was built on',
  'above-origin': 'a directory above the one of the plugin',
};

/**
 * What the compiler left out. These can only be guessed from the functions in use, so they are notes, and say nothing of Go,
 * which has neither, and of files for another C library than glibc, where the names differ.
 */
function compilerFindings(image: ElfImage): Finding[] {
  const { hardening } = image;
  if (isGo(image) || image.floors.versions.GLIBC === undefined) return [];
  const findings: Finding[] = [];
  const used = image.undefined.map((symbol) => symbol.name);
  // A plain call to one of these proves that the hardening flags were off for at least one unit; without that proof the
  // compiler may just have found no buffer to protect.
  const plain = used.filter((name) => ALWAYS_FORTIFIED.has(name));
  if (hardening.fortify.fortified > 0 || plain.length === 0) return [];
  const risky = used.filter((name) => OVERFLOWS_EASILY.has(name));
  if (!hardening.stackProtector && risky.length > 0) {
    findings.push(
      finding('hard/no-stack-protector', `The file calls ${risky.join(', ')} and has no stack protector.`, {
        subject: '__stack_chk_fail',
      }),
    );
  }
  findings.push(
    finding('hard/no-fortify', `The file calls ${plain.join(', ')}, and no fortified function at all.`, {
      subject: '_FORTIFY_SOURCE',
    }),
  );
  return findings;
}

function branchProtectionFindings(image: ElfImage): Finding[] {
  const { cet, arm } = image.hardening;
  const missing =
    image.header.machine === 'x86-64'
      ? [cet.ibt ? '' : 'IBT', cet.shstk ? '' : 'SHSTK']
      : image.header.machine === 'aarch64'
        ? [arm.bti ? '' : 'BTI', arm.pac ? '' : 'PAC']
        : [];
  const names = missing.filter((name) => name !== '');
  if (names.length === 0 || isGo(image)) return [];
  return [
    finding('hard/no-branch-protection', `The file is not marked for ${names.join(' and ')}.`, {
      subject: 'GNU_PROPERTY',
    }),
  ];
}
