import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { FileDigests } from '../artifact/file-digests.ts';
import { isInside } from '../artifact/read.ts';
import { sourceState } from '../process/git.ts';
import { ask } from './ask.ts';
import { type CHeaders, type Compilers, cHeaders, cToolchain } from './c-inputs.ts';
import { type GoPackage, goSettings, listPackages } from './go-list.ts';
import type { BuildPlan } from './plan.ts';

/**
 * What goes into a Go build, by a name for people: files with the digests of their content, packages of modules and of the
 * standard library by one digest for all their files, tools, settings; or why nobody can tell.
 */
export type GoInputs = { readonly labels: Readonly<Record<string, string>> } | { readonly open: string };

/** Settings of `go env` that name places and services, and do not change what is built from the same files. */
const PLACES =
  /^(?:GOCACHE|GOMODCACHE|GOTMPDIR|GOTELEMETRY.*|GOGCCFLAGS|GOENV|GOPROXY|GOSUMDB|GONO.*|GOPRIVATE|GOAUTH|GOVCS|GOINSECURE|GOBIN|GOCACHEPROG|GOHOST.*)$/;

/** Flags with which files go in that `go list` does not tell of. */
const FILES_BY_FLAG = /(?:^|\s)--?(?:overlay|toolexec|pgo|modfile|compiler|gccgoflags|pkgdir)\b/;
const LINKED_BY_FLAG = /-extld|-r[= ]|(?:^|\s)-L|-importcfg|-linkshared/;

/** What is the same for all plugins of a run, by what it was asked for. */
export interface Answers {
  readonly headers: Map<string, CHeaders>;
  readonly toolchain: Map<string, string>;
}

export const noAnswers = (): Answers => ({ headers: new Map(), toolchain: new Map() });

/** Fields of `go list` that name files of the package's directory. */
const FILE_FIELDS = [
  'GoFiles',
  'CgoFiles',
  'CFiles',
  'CXXFiles',
  'MFiles',
  'HFiles',
  'FFiles',
  'SFiles',
  'SysoFiles',
  'EmbedFiles',
] as const;

/**
 * Asks the go command what a build would take, and hashes that.
 * @param plan of a Go build; its environment decides which files are taken
 * @param root absolute path that names of files are relative to
 * @param answers what other plugins of the same run found out of the C parts of the standard library and of the compilers
 */
export async function goInputs(
  plan: BuildPlan,
  root: string,
  digests: FileDigests,
  answers: Answers = noAnswers(),
): Promise<GoInputs> {
  const [argv = []] = plan.commands;
  const settings = await goSettings(plan);
  if (settings === undefined) return { open: 'go env did not answer' };
  const { GOFLAGS = '', GOTOOLDIR = '', GOWORK = '', GOMOD = '' } = settings;
  if (FILES_BY_FLAG.test(`${GOFLAGS} ${argv.join(' ')}`)) return { open: 'its flags name files that go list does not' };
  if (LINKED_BY_FLAG.test(`${GOFLAGS} ${argv.join(' ')}`)) return { open: 'its linker flags name files or programs' };
  const packages = await listPackages(plan, argv);
  if (packages === undefined) return { open: 'go list did not answer' };
  const fault = packages.find(({ Incomplete }) => Incomplete === true);
  if (fault !== undefined) return { open: `go list cannot read ${fault.ImportPath}` };

  const labels: Record<string, string> = {};
  const digest = (path: string): string => digests.of(path) ?? 'none';
  const name = (path: string): string => (isInside(root, path) ? relative(root, path) : path);
  const others = new Map<string, string[]>();
  for (const one of packages) {
    const files = FILE_FIELDS.flatMap((field) => one[field] ?? []).map((file) => join(one.Dir ?? '', file));
    if (one.Dir === undefined && one.ImportPath !== 'unsafe')
      return { open: `go list gives no files of ${one.ImportPath}` };
    const module = one.Standard === true ? 'the standard library' : moduleName(one);
    if (module === undefined) {
      for (const file of files) labels[name(file)] = digest(file);
      // The version of the language is in it, also of a module that a path replaces.
      const own = one.Module?.GoMod;
      if (own !== undefined) labels[name(own)] = digest(own);
    } else {
      const all = others.get(module) ?? [];
      all.push(one.ImportPath, ...files.map((file) => `${file} ${digest(file)}`));
      others.set(module, all);
    }
  }
  for (const [module, files] of others) labels[module] = digests.text(files.join('\n'));

  const open = await addC(packages, plan, compilersOf(settings), labels, digests, name, answers);
  if (open !== undefined) return { open };
  for (const file of [GOMOD, GOMOD.replace(/\.mod$/, '.sum'), GOWORK, GOWORK === 'off' ? '' : `${GOWORK}.sum`]) {
    if (file !== '' && file !== '/dev/null' && existsSync(file)) labels[name(file)] = digest(file);
  }
  for (const file of [join(dirname(GOMOD), 'vendor', 'modules.txt'), join(packages.at(-1)?.Dir ?? '', 'default.pgo')]) {
    if (existsSync(file)) labels[name(file)] = digest(file);
  }
  labels['the Go toolchain'] = digests.text(
    [
      ...['compile', 'asm', 'link', 'cgo', 'buildid'].map((tool) => digests.of(join(GOTOOLDIR, tool)) ?? ''),
      settings.GOVERSION ?? '',
    ].join('\n'),
  );
  const shaping = Object.entries(settings).filter(([key]) => !PLACES.test(key));
  labels['the settings of Go'] = digests.text(JSON.stringify(shaping));
  labels['the build command'] = digests.text(JSON.stringify([plan.commands, plan.directory, plan.artifact]));
  labels['the environment of the build'] = digests.text(JSON.stringify(shapingVariables(plan)));
  if (!/-buildvcs=false/.test(`${GOFLAGS} ${argv.join(' ')}`)) {
    const state = await sourceState(plan.directory, plan.environment);
    labels['the commit, which Go writes into the plugin (GOFLAGS=-buildvcs=false leaves it out),'] =
      state === undefined ? 'none' : `${state.commit} ${await untracked(plan)}`;
  }
  return { labels };
}

/** Go calls a tree modified when anything in it is, files that git does not know among it. */
async function untracked(plan: BuildPlan): Promise<string> {
  const status = await ask(['git', '-c', 'core.fsmonitor=false', 'status', '--porcelain'], plan);
  return status === undefined || status.trim() !== '' ? 'modified' : 'clean';
}

/** All that is set but what only says who and where the user is. */
function shapingVariables({ environment }: BuildPlan): readonly (readonly [string, string])[] {
  return Object.entries(environment)
    .filter(([key]) => !/^(?:HOME|USER|LOGNAME|SHELL|TMPDIR|GOCACHE|GOMODCACHE|GOTMPDIR|.*_PROXY|.*_proxy)$/.test(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** undefined for packages of the main module, or of one that a path replaces: their files are told one by one. */
function moduleName({ Module: module }: GoPackage): string | undefined {
  if (module === undefined || module.Main === true || module.Version === undefined) return undefined;
  if (module.Replace !== undefined && module.Replace.Version === undefined) return undefined;
  return `the module ${module.Path}`;
}

/** C sources of packages: their headers, and the C toolchain. */
async function addC(
  packages: readonly GoPackage[],
  plan: BuildPlan,
  compilers: Compilers,
  labels: Record<string, string>,
  digests: FileDigests,
  name: (path: string) => string,
  answers: Answers,
): Promise<string | undefined> {
  const withC = packages.filter(({ CgoFiles, CFiles, CXXFiles }) => CgoFiles ?? CFiles ?? CXXFiles);
  const system: string[] = [];
  for (const one of withC) {
    // Those of the standard library are the same for all plugins of a run.
    const key = one.Standard === true ? JSON.stringify([one.Dir, compilers, plan.environment.PATH]) : undefined;
    const before = key === undefined ? undefined : answers.headers.get(key);
    const found = before ?? (await cHeaders(one, plan, compilers));
    if (key !== undefined) answers.headers.set(key, found);
    if ('open' in found) return found.open;
    for (const file of found.headers) {
      if (name(file) === file) system.push(`${file} ${digests.of(file) ?? ''}`);
      else labels[name(file)] = digests.of(file) ?? 'none';
    }
  }
  labels['the C headers of the system'] = digests.text([...new Set(system)].sort().join('\n'));
  const key = JSON.stringify([compilers.CC, compilers.CXX, plan.environment.PATH]);
  const toolchain = answers.toolchain.get(key) ?? (await cToolchain(plan, compilers, digests));
  answers.toolchain.set(key, toolchain);
  labels['the C toolchain'] = toolchain;
  return undefined;
}

function compilersOf(settings: Readonly<Record<string, string>>): Compilers {
  const { CC = '', CXX = '', CGO_CPPFLAGS = '', CGO_CFLAGS = '', CGO_CXXFLAGS = '', CGO_LDFLAGS = '' } = settings;
  return { CC, CXX, CGO_CPPFLAGS, CGO_CFLAGS, CGO_CXXFLAGS, CGO_LDFLAGS };
}
