import type { ElfImage, ElfSymbol } from '../elf/model.ts';
import { isForMusl } from '../elf/musl.ts';
import type { Finding } from '../rules/finding.ts';
import { cappedNames, change, listNames, sortedNames } from './fold.ts';
import type { ImagePair } from './model.ts';

/** Parts of the GNU C library: whoever has libc.so.6 has them all, and since 2.34 most are empty. */
const GLIBC_PARTS =
  /^(?:libc|libm|libmvec|libpthread|libdl|librt|libutil|libresolv|libanl|libBrokenLocale|libnsl)\.so\.\d+$|^ld(?:-linux.*|64|)\.so\.\d+$/;

export function isGlibcPart(library: string): boolean {
  return GLIBC_PARTS.test(library);
}

/** The name under which other files need this one. */
export function compareSoname(images: ImagePair): Finding[] {
  const [old, now] = [images.old.dynamic.soname, images.new.dynamic.soname];
  if (old === now) return [];
  const values = { ...(old !== undefined && { old }), ...(now !== undefined && { new: now }), subject: 'soname' };
  if (old === undefined) {
    const message = `The file has a soname now: ${now}. Programs linked from now on ask for this name instead of the file name.`;
    return [change('change/soname', 'risky', message, values)];
  }
  const message =
    now === undefined
      ? `The soname ${old} is gone; programs linked against the old file still ask for it.`
      : `The soname changed from ${old} to ${now}; programs linked against the old file ask for ${old}.`;
  return [change('change/soname', now === undefined ? 'risky' : 'breaking', message, values)];
}

/** DT_NEEDED and filter libraries. Order does not count. */
export function compareNeeded(images: ImagePair): Finding[] {
  const [before, after] = [new Set(images.old.dynamic.needed), new Set(images.new.dynamic.needed)];
  const findings: Finding[] = [];
  const users = importsBy(images.new, ({ library }) => library);
  for (const library of sortedNames(after)) {
    if (before.has(library)) continue;
    // Every process of a glibc system has its C library; a file for musl that asks for it is another matter.
    const shipped = isGlibcPart(library) && !isForMusl(images.old.dynamic);
    const message = shipped
      ? `The file needs ${library} now, a part of the C library.`
      : `The file needs ${library} now.`;
    const more = { subject: library, new: library, affected: cappedNames(sortedNames(users.get(library) ?? [])) };
    findings.push(change('change/needed-added', shipped ? 'compatible' : 'risky', message, more));
  }
  for (const library of sortedNames(before)) {
    if (after.has(library)) continue;
    const message = `The file no longer needs ${library}.`;
    findings.push(change('change/needed-removed', 'compatible', message, { subject: library, old: library }));
  }
  return [...findings, ...compareFilters(images)];
}

function compareFilters({ old, new: now }: ImagePair): Finding[] {
  const filters = ({ dynamic }: ElfImage) => sortedNames([...dynamic.filter, ...dynamic.auxiliary]).join(', ');
  const [before, after] = [filters(old), filters(now)];
  if (before === after) return [];
  const message = `The filter libraries changed from ${before || 'none'} to ${after || 'none'}.`;
  return [change('change/filter', 'risky', message, { old: before, new: after })];
}

/** Names of the undefined symbols, by what they ask for; those for which the key is undefined are left out. */
export function importsBy(
  image: ElfImage,
  key: (symbol: ElfSymbol) => string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const symbol of image.undefined) {
    const group = key(symbol);
    if (group === undefined) continue;
    const names = found.get(group);
    if (names === undefined) found.set(group, [symbol.name]);
    else names.push(symbol.name);
  }
  return found;
}

/** Key of a symbol version of a library, for {@link importsBy}. */
export function versionKey(library: string | undefined, version: string | undefined): string | undefined {
  return library === undefined || version === undefined ? undefined : `${library}\0${version}`;
}

/** Families whose highest version is a floor of the whole system; see floors.ts. Others are compared name by name. */
const FLOOR_VERSION = /^(?:GLIBC|GLIBCXX|CXXABI|GCC)_\d+(?:\.\d+)*$/;

/** Versions that the file asks of libraries which it needed before. */
export function compareVersionNeeds({ old, new: now }: ImagePair): Finding[] {
  const known = new Map(old.versions.needed.map(({ library, versions }) => [library, versionNames(versions)]));
  const neededBefore = new Set(old.dynamic.needed);
  const imports = importsBy(now, ({ library, version }) => versionKey(library, version));
  const findings: Finding[] = [];
  for (const { library, versions } of now.versions.needed) {
    if (!neededBefore.has(library)) continue; // told by compareNeeded
    const before = known.get(library) ?? new Set<string>();
    const added = versions.flatMap(({ name, weak }) =>
      weak || before.has(name) || FLOOR_VERSION.test(name) ? [] : [name],
    );
    findings.push(...newVersionNeeds(library, sortedNames(added), imports));
  }
  return findings;
}

/** More new versions of one library than this are one finding. */
const SINGLE_MOST = 20;

function newVersionNeeds(
  library: string,
  names: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const usersOf = (name: string) => imports.get(versionKey(library, name) ?? '') ?? [];
  if (names.length > SINGLE_MOST) {
    const message = `The file needs ${names.length} more versions of ${library} now: ${listNames(names)}.`;
    const affected = cappedNames(sortedNames(names.flatMap(usersOf)));
    return [change('change/version-need-added', 'risky', message, { subject: library, affected })];
  }
  return names.map((name) => {
    const users = sortedNames(usersOf(name));
    const by = users.length === 0 ? '' : `, for ${listNames(users)}`;
    const more = { subject: `${library} ${name}`, new: name, affected: cappedNames(users) };
    return change('change/version-need-added', 'risky', `The file needs ${name} of ${library} now${by}.`, more);
  });
}

function versionNames(versions: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set(versions.map(({ name }) => name));
}

/**
 * Undefined symbols without a library: the host provides them, or a needed library that has no versions. Weak ones may
 * stay unbound and are no need.
 */
export function compareImports({ old, new: now }: ImagePair): Finding[] {
  const before = new Set(unboundImports(old));
  const added = sortedNames(unboundImports(now)).filter((name) => !before.has(name));
  if (added.length === 0) return [];
  const versioned = new Set(now.versions.needed.map(({ library }) => library));
  const others = now.dynamic.needed.filter((library) => !versioned.has(library) && !isGlibcPart(library));
  const from = others.length === 0 ? 'the host' : `the host or ${listNames(others)}`;
  const [only] = added;
  const more = { affected: cappedNames(added), ...(added.length === 1 && { subject: only, symbol: only }) };
  const count = added.length === 1 ? `the symbol ${only}` : `${added.length} more symbols (${listNames(added)})`;
  return [change('change/import-added', 'risky', `The file needs ${count} from ${from}.`, more)];
}

function unboundImports(image: ElfImage): string[] {
  return image.undefined.flatMap(({ name, library, version, binding }) =>
    library === undefined && version === undefined && binding !== 'weak' && name !== '' ? [name] : [],
  );
}
