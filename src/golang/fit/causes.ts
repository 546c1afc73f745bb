import type { RuleId } from '../../rules/catalogue.ts';
import type { GoReading } from '../read.ts';
import { moduleCacheOf } from '../source-directories.ts';
import { parseToolchain, refusesProperly } from '../toolchain.ts';
import { buildCommand, shellWord } from './build-command.ts';
import { type ModuleIndex, type ModuleUse, moduleIndex, packageDirectory, useText } from './modules.ts';
import { isStandard, type SettingDifference, settingDifferences, trimmed } from './settings.ts';

/** Why packages differ: one for all that it explains. */
export interface Cause {
  readonly rule: RuleId;
  /** Stable between runs. */
  readonly subject: string;
  /** One clause without a full stop. */
  readonly text: string;
  readonly host?: string;
  readonly plugin?: string;
  /** What to do; commands to paste where there are some. */
  readonly fix: string;
}

export interface Explanation {
  /** The cause of each package, in the order given. */
  readonly causes: readonly Cause[];
  /** Further differences that would keep the plugin out once these causes are gone. */
  readonly further: readonly Cause[];
}

/**
 * Works out why packages have other hashes in the plugin than in its host.
 * @param packages import paths of packages whose hashes differ
 */
export function explainMismatches(host: GoReading, plugin: GoReading, packages: readonly string[]): Explanation {
  const context: Context = {
    host,
    plugin,
    hostModules: moduleIndex(host),
    pluginModules: moduleIndex(plugin),
    caches: once(() => cachesOf(host, plugin)),
    made: new Map(),
    bySetting: new Map(),
  };
  const settings = settingDifferences(host, plugin);
  const known = packages.map(
    (path) => moduleCause(path, context) ?? settingCause(path, settings, context) ?? pathCause(path, context),
  );
  const dependency = known.find((cause) => cause !== undefined && DEPENDENCY_RULES.has(cause.rule));
  const causes = known.map((cause, index) => cause ?? unexplained(packages[index] ?? '', dependency, context));
  const used = new Set(causes);
  const swallowed = causes.some(({ subject }) => subject === 'toolchain');
  const further = settings
    .filter(({ sure, covers }) => (sure || swallowed) && packages.some(covers))
    .map((difference) => causeOfSetting(difference, context))
    .filter((cause) => !used.has(cause));
  return { causes, further };
}

/** Differences of one module, which reach the packages that import it. */
const DEPENDENCY_RULES: ReadonlySet<RuleId> = new Set<RuleId>([
  'go/module-version',
  'go/module-source',
  'go/replace-path',
]);

interface Context {
  readonly host: GoReading;
  readonly plugin: GoReading;
  readonly hostModules: ModuleIndex;
  readonly pluginModules: ModuleIndex;
  /** Where each keeps modules that were downloaded; absent when that is not known, or was trimmed away. */
  readonly caches: () => { readonly host?: string; readonly plugin?: string };
  /** Causes by subject and text, so that each is one object. */
  readonly made: Map<string, Cause>;
  /** Thousands of packages differ for one setting. */
  readonly bySetting: Map<SettingDifference, Cause>;
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function shared(context: Context, cause: Cause): Cause {
  const key = `${cause.rule}\0${cause.subject}\0${cause.text}`;
  const known = context.made.get(key);
  if (known !== undefined) return known;
  context.made.set(key, cause);
  return cause;
}

function settingCause(path: string, settings: readonly SettingDifference[], context: Context): Cause | undefined {
  const difference = settings.find(({ covers }) => covers(path));
  return difference === undefined ? undefined : causeOfSetting(difference, context);
}

function causeOfSetting(difference: SettingDifference, context: Context): Cause {
  const known = context.bySetting.get(difference);
  if (known !== undefined) return known;
  const made = newCauseOfSetting(difference, context);
  context.bySetting.set(difference, made);
  return made;
}

function newCauseOfSetting({ name, host, plugin }: SettingDifference, context: Context): Cause {
  const fix = buildCommand(context.host);
  if (name === 'toolchain') {
    const text = `the host was built with ${host}, the plugin with ${plugin}`;
    const fatal = refusesProperly(parseToolchain(host), parseToolchain(plugin))
      ? ''
      : '; between these versions plugin.Open ends the host with a fatal error instead of returning one';
    return shared(context, {
      rule: 'go/toolchain-mismatch',
      subject: name,
      text: `${text}${fatal}`,
      host,
      plugin,
      fix,
    });
  }
  const text = `${name} is ${host} in the host and ${plugin} in the plugin`;
  return shared(context, { rule: 'go/flags-mismatch', subject: name, text, host, plugin, fix });
}

function moduleCause(path: string, context: Context): Cause | undefined {
  const [theirs, own] = [context.hostModules.of(path), context.pluginModules.of(path)];
  if (theirs === undefined || own === undefined || theirs.path !== own.path) return undefined;
  if (theirs.main && own.main) return mainCause(theirs, own, context);
  const subject = own.path;
  const values = { host: useText(theirs), plugin: useText(own) };
  const both = `the host has ${values.host}, the plugin ${values.plugin}`;
  if (theirs.local || own.local) {
    if (theirs.local && own.local && theirs.main === own.main) return undefined; // both in place: directories tell
    if (trimmed(context.host) !== trimmed(context.plugin)) return undefined; // that changes every package
    const text = `${subject} is built from a directory on one side: ${both}`;
    return shared(context, { rule: 'go/replace-path', subject, text, ...values, fix: replaceFix(theirs, own) });
  }
  if (theirs.version !== own.version || theirs.replacedBy !== own.replacedBy) {
    const text = `${subject} has different versions: ${both}`;
    return shared(context, { rule: 'go/module-version', subject, text, ...values, fix: versionFix(theirs, own) });
  }
  if (theirs.sum !== undefined && own.sum !== undefined && theirs.sum !== own.sum) {
    const text = `${subject} ${theirs.version} has other source in the host (${theirs.sum}) than in the plugin (${own.sum})`;
    const module = shellWord(`${theirs.path}@${theirs.version}`);
    const fix = `go clean -modcache && go mod download ${module}`;
    return shared(context, { rule: 'go/module-source', subject, text, host: theirs.sum, plugin: own.sum, fix });
  }
  return undefined;
}

/** Host and plugin are built from one main module: from different states of it, or in different places. */
function mainCause(theirs: ModuleUse, own: ModuleUse, { host, plugin, ...rest }: Context): Cause | undefined {
  const revision = ({ build }: GoReading): string => {
    const commit = build?.settings.get('vcs.revision') ?? '';
    return commit === ''
      ? ''
      : `${commit.slice(0, 12)}${build?.settings.get('vcs.modified') === 'true' ? ' with changes' : ''}`;
  };
  const [before, now] = [revision(host) || theirs.version, revision(plugin) || own.version];
  if (before === now) return undefined;
  const text = `${own.path} was built from different states: the host from ${before}, the plugin from ${now}`;
  const fix = 'Check out the commit of the host, without local changes, and build the plugin again.';
  return shared(
    { host, plugin, ...rest },
    { rule: 'go/module-version', subject: own.path, text, host: before, plugin: now, fix },
  );
}

function versionFix(theirs: ModuleUse, own: ModuleUse): string {
  const { path, version, replacedBy } = theirs;
  // Without a version on its left side, -replace takes the place of every replacement of the module.
  if (replacedBy !== undefined) {
    return `go mod edit -replace=${shellWord(`${path}=${replacedBy}@${version}`)} && go mod tidy`;
  }
  const get = `go get ${shellWord(`${path}@${version}`)}`;
  return own.replacedBy === undefined ? get : `${dropReplace(own)} && ${get}`;
}

/** A replacement is dropped by its left side as it stands in go.mod, with or without a version; build information has both in one. */
function dropReplace({ path, required = '' }: ModuleUse): string {
  const versioned = required === '' ? '' : ` -dropreplace=${shellWord(`${path}@${required}`)}`;
  return `go mod edit -dropreplace=${shellWord(path)}${versioned}`;
}

function replaceFix(theirs: ModuleUse, own: ModuleUse): string {
  if (!theirs.local && own.replacedBy !== undefined) return versionFix(theirs, own);
  if (theirs.main && own.replacedBy !== undefined) {
    return `${dropReplace(own)} && go work init . ${shellWord(own.replacedBy)} (a workspace builds the module in place, as the host does)`;
  }
  if (theirs.replacedBy !== undefined) {
    return `Build the host without its replacement of ${theirs.path}, or put the same into the plugin's go.mod: go mod edit -replace=${shellWord(`${theirs.path}=${theirs.replacedBy}`)}`;
  }
  return `Build the plugin with the directory of the host: go work init . DIRECTORY-OF-${shellWord(own.path)}`;
}

function cachesOf(host: GoReading, plugin: GoReading): ReturnType<Context['caches']> {
  const [theirs, own] = [host, plugin].map(({ build, directories }) => {
    const versioned = (build?.modules ?? []).filter(({ replace }) => replace === undefined);
    return moduleCacheOf(
      directories,
      versioned.map(({ path }) => path),
    );
  });
  return { ...(theirs === undefined ? {} : { host: theirs }), ...(own === undefined ? {} : { plugin: own }) };
}

/** The same source, but compiled in other directories, which the hash covers. */
function pathCause(path: string, context: Context): Cause | undefined {
  const [hostModule, pluginModule] = [context.hostModules.of(path), context.pluginModules.of(path)];
  const { host: hostCache, plugin: pluginCache } = context.caches();
  const downloaded = hostModule?.local === false && pluginModule?.local === false;
  if (downloaded && hostCache !== undefined && pluginCache !== undefined && hostCache !== pluginCache) {
    return pathDifference('GOMODCACHE', hostCache, pluginCache, context);
  }
  const [theirs, own] = [
    packageDirectory(context.host, path, context.hostModules.of(path)),
    packageDirectory(context.plugin, path, context.pluginModules.of(path)),
  ];
  if (theirs === undefined || own === undefined || theirs === own) return undefined;
  const root = isStandard(path) ? 'GOROOT' : (context.pluginModules.of(path)?.path ?? path);
  const [before, now] = [withoutTail(theirs, path), withoutTail(own, path)];
  return pathDifference(root, before, now, context);
}

function pathDifference(root: string, before: string, now: string, context: Context): Cause {
  const what = root === 'GOMODCACHE' ? 'downloaded modules' : root === 'GOROOT' ? 'the standard library' : root;
  const text = `the source of ${what} was compiled in ${before} for the host and in ${now} for the plugin`;
  const fix =
    trimmed(context.host) === false
      ? pathFix(root, before, context.host)
      : `Build ${what} in the same way on both sides: by version (go get), or in one workspace (go work init . DIRECTORY).`;
  return shared(context, { rule: 'go/build-path', subject: root, text, host: before, plugin: now, fix });
}

/** Either the directories are the same, or neither side records them. */
function pathFix(root: string, before: string, host: GoReading): string {
  const trimming = `build both with -trimpath: ${buildCommand(host)} -trimpath`;
  if (root === 'GOMODCACHE') {
    return `GOMODCACHE=${shellWord(before)} ${buildCommand(host)} (the module cache where the host has it); or ${trimming}`;
  }
  return `Build the plugin in the container image of the host, where the source lies in ${before}; or ${trimming}`;
}

/** Leaves the part of a directory that does not come from the import path, so that packages of one root agree. */
function withoutTail(directory: string, path: string): string {
  const ends = isStandard(path) ? [`/${path}`] : [`/${path}`, `/${path.slice(path.indexOf('/') + 1)}`];
  const end = ends.find((candidate) => directory.endsWith(candidate));
  return end === undefined ? directory : directory.slice(0, -end.length);
}

function unexplained(path: string, dependency: Cause | undefined, context: Context): Cause {
  const { host, plugin } = context;
  if (dependency !== undefined) {
    const text = `packages that take types or inlined code from ${dependency.subject}, which differs`;
    return shared(context, { rule: 'go/package-mismatch', subject: dependency.subject, text, fix: dependency.fix });
  }
  const lacking = [host.build === undefined ? 'the host' : '', plugin.build === undefined ? 'the plugin' : ''];
  const names = lacking.filter((name) => name !== '').join(' and ');
  const module = context.pluginModules.of(path) ?? context.hostModules.of(path);
  const subject = isStandard(path) ? 'standard library' : (module?.path ?? path);
  if (names !== '') {
    const text = `the source or the flags of ${subject} differ; what exactly is not recorded: ${names} has no build information`;
    return shared(context, { rule: 'go/package-mismatch', subject, text, fix: buildCommand(host) });
  }
  const local = module?.local === true ? ' It is built in place, so its source can differ without a trace.' : '';
  const text = `the source of ${subject} differs, though versions, sums and flags are the same.${local}`;
  const fix =
    'Build host and plugin from the same checkout, with a clean module cache (go clean -modcache) and no edited vendor directory.';
  return shared(context, { rule: 'go/package-mismatch', subject, text: text.replace(/\.$/, ''), fix });
}
