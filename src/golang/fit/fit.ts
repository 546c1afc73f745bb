import { cappedNames, listNames } from '../../compare/fold.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import type { GoReading } from '../read.ts';
import { parseToolchain, refusesProperly } from '../toolchain.ts';
import { type Cause, explainMismatches } from './causes.ts';
import { unnoticedFindings } from './unnoticed.ts';

/** A package that the plugin has in another build than the process it would be loaded into. */
export interface GoMismatch {
  readonly package: string;
  /** Hexadecimal. */
  readonly hostHash: string;
  readonly pluginHash: string;
  readonly cause: string;
  readonly fix: string;
  /** The plugin that brings the package, when it is not the host. */
  readonly from?: string;
}

/** What plugin.Open would find when it compares packages. */
export interface GoFit {
  /** Packages that are in the process already, and so are compared. */
  readonly shared: number;
  /** In the order in which the runtime compares them, where `ordered`. */
  readonly mismatches: readonly GoMismatch[];
  readonly ordered: boolean;
  /** The package that the error of plugin.Open would name; absent when it accepts, or ends the host instead. */
  readonly firstNamed?: string;
  /** The other reason why the runtime would refuse it, before any package is compared. */
  readonly alreadyLoaded?: boolean;
}

/** A plugin with its reading; `file` names it in messages. */
export interface GoFile {
  readonly file: string;
  /** Its path without symbolic links, by which plugin.Open knows a file; `file` unless given. */
  readonly realPath?: string;
  readonly go: GoReading;
}

/** A plugin that was opened before, and whether the runtime took it. */
export interface Opened extends GoFile {
  readonly accepted: boolean;
}

/** The longest list of causes that are told one by one. */
const MOST_CAUSES = 60;

/**
 * What plugin.Open would say of a plugin, and why (source: runtime/plugin.go, plugin_lastmoduleinit).
 * @param host a Go program that can load plugins
 * @param earlier plugins that the process has opened already, in order: they were mapped with RTLD_GLOBAL even where the
 * runtime refused them, so their packages count for those that the host lacks
 */
export function fitGo(
  host: GoFile,
  plugin: GoFile,
  earlier: readonly Opened[] = [],
): { readonly fit: GoFit; readonly findings: readonly Finding[] } {
  const tables = plugin.go.plugin;
  const list = tables?.packages ?? [...plugin.go.hashes].map(([path, hash]) => ({ path, hash }));
  const twice = earlier.find(
    ({ go, accepted, ...one }) =>
      // The very same file is no second plugin: plugin.Open gives back the first (realpath, plugin/plugin_dlopen.go).
      accepted && placeOf(one) !== placeOf(plugin) && tables !== undefined && go.plugin?.path === tables.path,
  );
  const providers: readonly GoFile[] = [host, ...earlier];
  const agreeing: string[] = [];
  const differing = new Map<GoFile, { path: string; own: string; theirs: string; at: number }[]>();
  let shared = 0;
  for (const [at, { path, hash }] of list.entries()) {
    const provider = providers.find(({ go }) => mayHave(go, path) && go.hashes.has(path));
    const theirs = provider?.go.hashes.get(path);
    if (provider === undefined || theirs === undefined) continue;
    shared += 1;
    if (theirs === hash) {
      if (provider === host) agreeing.push(path);
      continue;
    }
    // The one reason why two plugins with one path differ is told as such.
    if (provider === twice && path === tables?.path) continue;
    const group = differing.get(provider) ?? [];
    group.push({ path, own: hash, theirs, at });
    differing.set(provider, group);
  }
  const findings: Finding[] = twice === undefined || tables === undefined ? [] : [pathTwice(tables.path, twice.file)];
  const placed: { readonly at: number; readonly mismatch: GoMismatch }[] = [];
  const named: { readonly first?: string } = namedFirst(host, plugin, differing, tables !== undefined, twice);
  for (const [provider, group] of differing) {
    const packages = group.map(({ path }) => path);
    const { causes, further } = explainMismatches(provider.go, plugin.go, packages);
    for (const [index, { path, own, theirs, at }] of group.entries()) {
      const cause = causes[index];
      if (cause === undefined) continue;
      const from = provider === host ? {} : { from: provider.file };
      const mismatch = { package: path, hostHash: theirs, pluginHash: own, cause: cause.text, fix: cause.fix, ...from };
      placed.push({ at, mismatch });
    }
    const other = provider === host ? undefined : provider;
    // Every host has the package runtime; where its hash is not known, nothing is known of the host.
    const hostKnown = host.go.hashes.has('runtime');
    findings.push(...causeFindings(causes, further, packages, other, named.first, hostKnown));
  }
  findings.push(...unnoticedFindings(host.go, plugin.go, agreeing, differing.has(host)));
  if (tables === undefined) findings.push(notRead(plugin.go));
  const mismatches = placed.sort((a, b) => a.at - b.at).map(({ mismatch }) => mismatch);
  return {
    fit: {
      shared,
      mismatches,
      ordered: tables !== undefined,
      ...(named.first === undefined ? {} : { firstNamed: named.first }),
      ...(twice === undefined ? {} : { alreadyLoaded: true }),
    },
    findings,
  };
}

function placeOf({ file, realPath }: Pick<GoFile, 'file' | 'realPath'>): string {
  return realPath ?? file;
}

const packagesOf = new WeakMap<GoReading, ReadonlySet<string>>();

/** What a plugin's own list of packages lacks need not be looked up among its symbols. */
function mayHave(go: GoReading, path: string): boolean {
  if (go.plugin === undefined) return true;
  let packages = packagesOf.get(go);
  if (packages === undefined) {
    packages = new Set(go.plugin.packages.map((one) => one.path));
    packagesOf.set(go, packages);
  }
  return packages.has(path);
}

function namedFirst(
  host: GoFile,
  plugin: GoFile,
  differing: ReadonlyMap<GoFile, readonly { readonly path: string; readonly at: number }[]>,
  ordered: boolean,
  twice: GoFile | undefined,
): { readonly first?: string } {
  if (!ordered || twice !== undefined) return {};
  const toolchains = [host, plugin].map(({ go }) => parseToolchain(go.toolchain ?? ''));
  const [theirs, own] = toolchains;
  if (theirs === undefined || own === undefined) return {};
  const known = theirs.minor !== undefined && own.minor !== undefined;
  if (known && !refusesProperly(theirs, own)) return {};
  const first = [...differing.values()].flat().sort((a, b) => a.at - b.at)[0]?.path;
  return first === undefined ? {} : { first };
}

function causeFindings(
  causes: readonly Cause[],
  further: readonly Cause[],
  packages: readonly string[],
  other: GoFile | undefined,
  first: string | undefined,
  hostKnown: boolean,
): readonly Finding[] {
  const groups = new Map<Cause, string[]>();
  for (const [index, cause] of causes.entries()) {
    const group = groups.get(cause) ?? [];
    group.push(packages[index] ?? '');
    groups.set(cause, group);
  }
  const told = [...groups].slice(0, MOST_CAUSES).map(([cause, affected]) => {
    const names = affected.length === 1 ? affected[0] : `${affected.length} packages (${listNames(affected, 3)})`;
    const error = first !== undefined && affected.includes(first) ? ` plugin.Open names ${first} only.` : '';
    const where =
      other === undefined
        ? ''
        : ` in the plugin ${other.file}, which is loaded before${hostKnown ? ' and brings what the host lacks' : ''}`;
    return finding(
      other === undefined ? cause.rule : 'go/plugins-disagree',
      `${names} differ${affected.length === 1 ? 's' : ''}${where}: ${asWritten(cause.text, other)}.${error}`,
      { ...valuesOf(cause), affected: cappedNames(affected), fix: cause.fix },
    );
  });
  if (groups.size > MOST_CAUSES) {
    const rest = [...groups].slice(MOST_CAUSES).flatMap(([, affected]) => affected);
    const message = `${rest.length} more packages differ, for ${groups.size - MOST_CAUSES} more reasons: ${listNames(rest)}.`;
    told.push(finding('go/package-mismatch', message, { subject: 'more packages', affected: cappedNames(rest) }));
  }
  const later = further.map((cause) =>
    finding(
      other === undefined ? cause.rule : 'go/plugins-disagree',
      `With that mended, another difference remains: ${asWritten(cause.text, other)}.`,
      { ...valuesOf(cause), fix: cause.fix },
    ),
  );
  return [...told, ...later];
}

function valuesOf({ subject, host, plugin }: Cause): Pick<Finding, 'subject' | 'old' | 'new'> {
  return { subject, ...(host === undefined ? {} : { old: host }), ...(plugin === undefined ? {} : { new: plugin }) };
}

/** The causes speak of a host; between two plugins that is the one that was loaded first. */
function asWritten(text: string, other: GoFile | undefined): string {
  return other === undefined ? text : text.replace(/\bthe host\b/g, 'the first plugin');
}

function pathTwice(path: string, file: string): Finding {
  const message = `The plugin path ${path} is that of ${file}, which is loaded before: plugin.Open answers "plugin already loaded".`;
  return finding('go/plugin-path-twice', message, { subject: path });
}

function notRead({ tried }: GoReading): Finding {
  const why = tried ?? 'it has no package hashes.';
  return finding('go/not-read', `The order of checks and the symbols of the plugin are not known: ${why}`, {
    subject: 'moduledata',
  });
}
