import { cappedNames, listNames, sortedNames } from '../compare/fold.ts';
import { importsBy, isGlibcPart, versionKey } from '../compare/needs.ts';
import type { ElfSymbol } from '../elf/model.ts';
import { isMissingInMusl, isMuslItself } from '../elf/musl.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { Closure } from './closure.ts';
import { Scope } from './lookup.ts';
import type { FitOptions, HostImage, LoadableFile } from './model.ts';
import { isInMusl } from './musl-symbols.ts';

/** The process into which a plugin would be loaded. */
export interface Process {
  readonly host: HostImage | undefined;
  /** The host with its libraries; absent without a host. */
  readonly hostClosure: Closure | undefined;
  /** The plugin with the libraries that it brings. */
  readonly added: Closure;
  readonly musl: boolean;
}

/** Version families of the C library and the compiler's libraries: with a target given, their floors are judged, not the files here. */
const SYSTEM_VERSION = /^(?:GLIBC|GLIBCXX|CXXABI|GCC)_/;

/** More missing symbols or libraries than this are one finding: the wrong host, or none of its symbols exported. */
const SINGLE_MOST = 30;

/** The libraries of the compiler that come with every system that runs C++ plugins. */
export function isSystemLibrary(name: string): boolean {
  return isGlibcPart(name) || /^(?:libstdc\+\+|libgcc_s)\.so\.\d+$/.test(name);
}

/** Needed libraries that were not found, by the plugin and by its libraries. */
export function missingLibraries({ added, musl }: Process): Finding[] {
  const missing = musl ? added.missing.filter(({ name }) => !isMuslItself(name)) : added.missing;
  if (missing.length > SINGLE_MOST) {
    const names = sortedNames(missing.map(({ name }) => name));
    const message = `${names.length} needed libraries were not found: ${listNames(names)}.`;
    return [finding('fit/library-missing', message, { affected: cappedNames(names) })];
  }
  return missing.map(({ name, neededBy }) => {
    const by = neededBy === added.files[0] ? 'The plugin' : neededBy.file;
    return finding('fit/library-missing', `${by} needs ${name}, which was not found.`, { subject: name });
  });
}

/**
 * Versions that loaded files ask of libraries which do not define them; the loader checks these before it looks up any
 * symbol (glibc elf/dl-version.c).
 */
export function missingVersions({ added, musl }: Process, options: FitOptions): Finding[] {
  if (musl) return [];
  const findings: Finding[] = [];
  for (const [index, { file, image }] of added.files.entries()) {
    // Who uses a version is asked for those that are missing only.
    let imports: ReturnType<typeof importsBy> | undefined;
    for (const { library, versions } of image.versions.needed) {
      const provider = added.byName.get(library);
      if (provider === undefined) continue; // told as a missing library
      const defined = new Set(provider.image.versions.defined.map(({ name }) => name));
      for (const { name, weak } of versions) {
        if (weak || defined.has(name)) continue;
        if (options.target !== undefined && SYSTEM_VERSION.test(name)) continue;
        imports ??= importsBy(image, (symbol) => versionKey(symbol.library, symbol.version));
        const users = sortedNames(imports.get(versionKey(library, name) ?? '') ?? []);
        const by = index === 0 ? 'The plugin' : file;
        const none = defined.size === 0 ? 'has no versions at all' : 'does not have it';
        const message = `${by} needs ${name} of ${library}, for ${listNames(users)}; ${provider.file} ${none}.`;
        findings.push(
          finding('fit/version-missing', message, { subject: `${library} ${name}`, affected: cappedNames(users) }),
        );
      }
    }
  }
  return findings;
}

interface Unbound {
  readonly symbol: ElfSymbol;
  readonly user: LoadableFile;
}

/** Undefined symbols of the plugin, and of the libraries that come with it, which nothing in the process defines. */
export function unboundSymbols(process: Process, options: FitOptions): Finding[] {
  const { host, hostClosure, added } = process;
  const scope = new Scope([...(hostClosure?.files ?? []), ...added.files], process.musl ? 'ignored' : 'gnu');
  const unbound: Unbound[] = [];
  for (const user of added.files) {
    for (const symbol of distinct(user.image.undefined)) {
      if (symbol.binding === 'weak' || symbol.name === '' || scope.provides(symbol)) continue;
      if (options.target !== undefined && symbol.version !== undefined && SYSTEM_VERSION.test(symbol.version)) continue;
      // Its version as a whole is missing, and that is told.
      if (versionMissing(symbol, added)) continue;
      // musl's own library need not be at hand: what it has is known.
      if (process.musl && isInMusl(symbol.name)) continue;
      unbound.push({ symbol, user });
    }
  }
  const missing = [...added.missing, ...(hostClosure?.missing ?? [])].map(({ name }) => name);
  const absent = new Set(process.musl ? missing.filter((name) => !isMuslItself(name)) : missing);
  const certain: Unbound[] = [];
  const hostless: Unbound[] = [];
  const open: Unbound[] = [];
  for (const entry of unbound) {
    const { library } = entry.symbol;
    // A versioned reference names its library: if that one is here, no other can be meant.
    if (process.musl && isMissingInMusl(entry.symbol.name) && absent.size === 0) certain.push(entry);
    else if (library !== undefined ? absent.has(library) : absent.size > 0) open.push(entry);
    else if (library === undefined && host === undefined) hostless.push(entry);
    else certain.push(entry);
  }
  return [
    ...certainFindings(certain, added.files[0], scope),
    ...group('fit/host-unknown', hostless, (names) => `Only a host can provide ${names}, and no host was given.`),
    ...group('fit/symbol-undecided', open, (names) => {
      return `Whether ${names} can be bound is open: ${listNames(sortedNames(absent))} ${absent.size === 1 ? 'was' : 'were'} not found.`;
    }),
  ];
}

/** Each reference once; a hostile file can repeat one as often as it likes. */
function distinct(symbols: readonly ElfSymbol[]): Iterable<ElfSymbol> {
  return new Map(
    symbols.map((symbol) => [`${symbol.name}\0${symbol.version ?? ''}\0${symbol.binding}`, symbol]),
  ).values();
}

function versionMissing({ version, library }: ElfSymbol, added: Closure): boolean {
  const provider = library === undefined ? undefined : added.byName.get(library);
  return provider !== undefined && !provider.image.versions.defined.some(({ name }) => name === version);
}

function certainFindings(unbound: readonly Unbound[], root: LoadableFile | undefined, scope: Scope): Finding[] {
  const sorted = [...unbound].sort((a, b) => (labelOf(a.symbol) < labelOf(b.symbol) ? -1 : 1));
  if (sorted.length <= SINGLE_MOST) return sorted.map((entry) => certainFinding(entry, root, scope));
  const names = sortedNames(sorted.map(({ symbol }) => labelOf(symbol)));
  const message = `Nothing provides ${names.length} symbols: ${listNames(names)}.`;
  return [finding('fit/symbol-missing', message, { affected: cappedNames(names) })];
}

function labelOf({ name, version }: ElfSymbol): string {
  return version === undefined ? name : `${name}@${version}`;
}

function certainFinding({ symbol, user }: Unbound, root: LoadableFile | undefined, scope: Scope): Finding {
  const label = labelOf(symbol);
  const by = user === root ? 'the plugin' : user.file;
  const others = scope.owners(symbol.name).map(({ file }) => file);
  const from = symbol.library === undefined ? '' : ` of ${symbol.library}`;
  const there =
    others.length === 0 ? '' : ` ${listNames(others)} ha${others.length === 1 ? 's' : 've'} it under another version.`;
  const message = `Nothing provides ${label}${from}, which ${by} uses.${there}`;
  return finding('fit/symbol-missing', message, { subject: label, symbol: symbol.name });
}

function group(
  rule: 'fit/host-unknown' | 'fit/symbol-undecided',
  entries: readonly Unbound[],
  text: (names: string) => string,
): Finding[] {
  const names = sortedNames(entries.map(({ symbol }) => symbol.name));
  if (names.length === 0) return [];
  return [
    finding(rule, text(listNames(names)), {
      affected: cappedNames(names),
      ...(names.length === 1 && { symbol: names[0] }),
    }),
  ];
}
