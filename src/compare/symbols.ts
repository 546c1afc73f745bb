import type { ElfSymbol } from '../elf/model.ts';
import type { Finding } from '../rules/finding.ts';
import { foldSymbols, type SymbolChange } from './fold.ts';
import { answersPlainName, hasVagueLinkage, type Interface, isStandardLibraryName, symbolLabel } from './interface.ts';
import type { ImagePair, SymbolPair } from './model.ts';

export interface SymbolComparison {
  readonly findings: readonly Finding[];
  /** The symbols of old that a consumer still finds, each with what it finds. */
  readonly pairs: readonly SymbolPair[];
}

/** Every kind of difference, collected before it is put into words. */
interface Collected {
  readonly removed: SymbolChange[];
  readonly instances: SymbolChange[];
  readonly standardInstances: SymbolChange[];
  /** Constructors of whole objects, of classes that still serve as bases. */
  readonly abstract: SymbolChange[];
  readonly added: SymbolChange[];
  readonly moved: SymbolChange[];
  readonly dropped: SymbolChange[];
  readonly given: SymbolChange[];
  readonly defaultMoved: SymbolChange[];
  readonly defaultAliased: SymbolChange[];
  readonly defaultRemoved: SymbolChange[];
  readonly pairs: SymbolPair[];
}

/**
 * Which exported symbols and symbol versions went, came or moved. What counts is what the dynamic loader finds for a
 * reference made against the old file: rules from glibc elf/dl-lookup.c (check_match, do_lookup_x), each tried out with
 * programs linked against old and run with new.
 */
export function compareSymbols(images: ImagePair, before: Interface, after: Interface): SymbolComparison {
  const all: Collected = {
    removed: [],
    instances: [],
    standardInstances: [],
    abstract: [],
    added: [],
    moved: [],
    dropped: [],
    given: [],
    defaultMoved: [],
    defaultAliased: [],
    defaultRemoved: [],
    pairs: [],
  };
  const nodes = new Set(images.new.versions.defined.map(({ name }) => name));
  before.forEach((olds, name) => {
    const news = after.get(name);
    if (news === undefined) collectRemoved(olds, after, all);
    else {
      for (const old of olds) collectVersion(old, news, nodes, all);
      collectDefault(olds, news, all);
    }
  });
  after.forEach((news, name) => {
    collectAdded(before.get(name), news, all);
  });
  return { findings: inWords(all), pairs: all.pairs };
}

function collectRemoved(olds: readonly ElfSymbol[], after: Interface, all: Collected): void {
  for (const old of olds) {
    const entry = { label: symbolLabel(old), old: describe(old) };
    if (servesAsBaseOnly(old.name, after)) all.abstract.push(entry);
    else if (!hasVagueLinkage(old)) all.removed.push(entry);
    else if (isStandardLibraryName(old.name)) all.standardInstances.push(entry);
    else all.instances.push(entry);
  }
}

/** A name of this length may have the letters looked for in many places. */
const LONGEST_NAME = 4096;

/**
 * Whether a constructor of whole objects (C1) went whose twin for bases (C2) is there: clang makes none for classes with
 * pure virtual functions, of which there are no whole objects; gcc makes both.
 */
function servesAsBaseOnly(name: string, after: Interface): boolean {
  if (!name.startsWith('_ZN') || name.length > LONGEST_NAME) return false;
  for (let at = name.indexOf('C1E'); at >= 0; at = name.indexOf('C1E', at + 1)) {
    if (!after.has(`${name.slice(0, at)}C2E${name.slice(at + 3)}`)) continue;
    const scope = name.slice('_ZN'.length, at);
    if (after.has(`_ZTVN${scope}E`) || after.has(`_ZTV${scope}`)) return true;
  }
  return false;
}

/** What a reference to this version of the symbol is bound to now. */
function collectVersion(old: ElfSymbol, news: readonly ElfSymbol[], nodes: ReadonlySet<string>, all: Collected): void {
  const same = news.find(({ version }) => version === old.version);
  if (same !== undefined) {
    all.pairs.push({ old, new: same });
    return;
  }
  const plain = news.find(answersPlainName);
  if (old.version === undefined) {
    // A reference without a version takes the default one. (With hidden ones only, see collectDefault.)
    if (plain === undefined) return;
    all.pairs.push({ old, new: plain });
    all.given.push({ label: old.name, new: symbolLabel(plain) });
    return;
  }
  if (plain !== undefined && (old.default || plain.version === undefined)) all.pairs.push({ old, new: plain });
  // The version as a whole is gone: versions.ts says so once.
  if (!nodes.has(old.version)) return;
  const entry = { label: symbolLabel(old), old: symbolLabel(old), new: news.map(symbolLabel).join(', ') };
  // check_match: an unversioned, visible definition answers a versioned reference.
  if (news.some(({ version }) => version === undefined)) all.dropped.push(entry);
  else all.moved.push(entry);
}

/** What a look-up by plain name (dlsym, the link editor) finds now. */
function collectDefault(olds: readonly ElfSymbol[], news: readonly ElfSymbol[], all: Collected): void {
  const old = olds.find(answersPlainName);
  if (old === undefined) return;
  const now = news.find(answersPlainName);
  if (now === undefined) {
    all.defaultRemoved.push({ label: old.name, old: symbolLabel(old), new: news.map(symbolLabel).join(', ') });
    return;
  }
  if (old.version === undefined || now.version === undefined || old.version === now.version) return;
  const kept = news.find(({ version }) => version === old.version);
  if (kept === undefined) return; // the version moved or was removed, and that says more
  const entry = { label: old.name, old: symbolLabel(old), new: symbolLabel(now) };
  const alias = kept.value === now.value && kept.section === now.section && kept.type === now.type;
  (alias ? all.defaultAliased : all.defaultMoved).push(entry);
}

function collectAdded(olds: readonly ElfSymbol[] | undefined, news: readonly ElfSymbol[], all: Collected): void {
  if (olds === undefined) {
    for (const symbol of news) {
      if (hasVagueLinkage(symbol) && isStandardLibraryName(symbol.name)) continue;
      all.added.push({ label: symbolLabel(symbol), new: describe(symbol) });
    }
    return;
  }
  // A further version of a known symbol; the default one is told by collectDefault or collectVersion.
  for (const symbol of news) {
    if (answersPlainName(symbol) || olds.some(({ version }) => version === symbol.version)) continue;
    if (olds.some(({ version }) => version === undefined)) continue;
    all.added.push({ label: symbolLabel(symbol), new: describe(symbol) });
  }
}

/** Kind and size, as far as they say something. */
export function describe({ type, binding, size }: ElfSymbol): string {
  const sized = (type === 'object' || type === 'tls' || type === 'common') && size > 0;
  const bound = binding === 'global' ? '' : `${binding} `;
  return `${bound}${type}${sized ? ` of ${size} bytes` : ''}`;
}

function inWords(all: Collected): Finding[] {
  const findings = [
    // Each its own: a removed entry point is accepted by its name only.
    ...foldSymbols(
      'sym/removed',
      'breaking',
      all.removed,
      {
        one: ({ label }) => `${label} is no longer exported.`,
        many: (count, names) => `${count} symbols are no longer exported: ${names}.`,
      },
      'named',
    ),
    ...foldSymbols('sym/removed', 'risky', all.abstract, {
      one: ({ label }) =>
        `${label} is no longer exported for whole objects, only for those of derived classes: clang makes it so where the class is abstract.`,
      many: (count, names) =>
        `${count} constructors are no longer exported for whole objects, only for those of derived classes: ${names}. clang makes it so where the class is abstract.`,
    }),
    ...foldSymbols('sym/version-changed', 'breaking', all.moved, {
      one: (entry) => `${entry.label} is gone under this version; there is ${entry.new} only.`,
      many: (count, names) => `${count} symbols are gone under their version: ${names}.`,
    }),
    ...foldSymbols('sym/default-removed', 'breaking', all.defaultRemoved, {
      one: (entry) =>
        `${entry.label} has no default version any more (${entry.old} became ${entry.new}): dlsym and the link editor do not find it.`,
      many: (count, names) => `${count} symbols have no default version any more: ${names}.`,
    }),
    ...foldSymbols('sym/default-moved', 'risky', all.defaultMoved, {
      one: (entry) =>
        `The default version of ${entry.label} moved from ${entry.old} to ${entry.new}; the old one is still there.`,
      many: (count, names) => `The default version of ${count} symbols moved: ${names}.`,
    }),
    ...foldSymbols('sym/default-moved', 'compatible', all.defaultAliased, {
      one: (entry) =>
        `The default version of ${entry.label} moved from ${entry.old} to ${entry.new}; both are the same code.`,
      many: (count, names) => `The default version of ${count} symbols moved to an alias of the old one: ${names}.`,
    }),
    ...foldSymbols('sym/version-dropped', 'risky', all.dropped, {
      one: ({ label }) => `${label} is exported without a version now.`,
      many: (count, names) => `${count} symbols are exported without a version now: ${names}.`,
    }),
    ...foldSymbols('sym/instance-removed', 'risky', all.instances, {
      one: ({ label }) => `The C++ inline or template instance ${label} is no longer exported.`,
      many: (count, names) => `${count} C++ inline or template instances are no longer exported: ${names}.`,
    }),
    ...foldSymbols(
      'sym/instance-removed',
      'compatible',
      all.standardInstances,
      {
        one: ({ label }) => `The instance ${label} of the C++ standard library is no longer exported.`,
        many: (count, names) => `${count} instances of the C++ standard library are no longer exported: ${names}.`,
      },
      'always',
    ),
    ...foldSymbols(
      'sym/version-given',
      'compatible',
      all.given,
      {
        one: (entry) => `${entry.label} has a version now: ${entry.new}.`,
        many: (count, names) => `${count} symbols have a version now: ${names}.`,
      },
      'always',
    ),
    ...foldSymbols(
      'sym/added',
      'compatible',
      all.added,
      {
        one: ({ label }) => `${label} is exported now.`,
        many: (count, names) => `${count} more symbols are exported: ${names}.`,
      },
      'always',
    ),
  ];
  return findings;
}
