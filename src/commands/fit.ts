import { statSync } from 'node:fs';
import type { ElfImage, ElfProblem } from '../elf/model.ts';
import { parseTarget } from '../elf/targets.ts';
import { UsageError } from '../errors.ts';
import { isElfFile } from '../fit/elf-start.ts';
import { foldHosts, loadsInAll } from '../fit/fold-hosts.ts';
import type { HostOptions } from '../fit/hosts.ts';
import { librariesFor } from '../fit/libraries.ts';
import type { Fit, LoadableFile } from '../fit/model.ts';
import { fitPlugins, loads } from '../fit/plugin.ts';
import { isPreset, PRESETS } from '../fit/presets/names.ts';
import { mainTypes } from '../golang/advice/main-types.ts';
import { type FileFit, type HostFit, renderFitJson, renderFitText } from '../report/fit-text.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import type { HostInput } from './fit-host.ts';
import { type FitTypesOptions, typeReasons } from './fit-types.ts';
import { type OpenLoadable, openLoadable } from './open-loadable.ts';

export type FitFormat = Format | 'html';

export interface FitCommandOptions extends FitTypesOptions {
  readonly format?: FitFormat;
  /** `debian:11`, `ubuntu:20.04`, `rhel:8`, `alpine:3.20`, `glibc:2.31`: the system that the plugins must load on. */
  readonly target?: string;
  /** Directories with needed libraries, searched before those of the system. */
  readonly libraryDirs?: readonly string[];
  /** Root of the target system, such as an unpacked container image; that of this machine unless given. */
  readonly root?: string;
  /** Symbols that every plugin must export. */
  readonly required?: readonly string[];
  /** A known kind of host, whose rules are checked too. */
  readonly preset?: string;
  /** For hosts that are built from their source. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Names a host of which nothing is given but a target or a kind. */
const NO_FILE = '-';

/**
 * `plugin-gate fit HOST PLUGIN...`: would these plugins load in this host, or in each of several, and if not, every reason.
 * @param given paths of hosts; undefined or `-` when a host is not known
 * @returns 0 when all load, 1 when one does not, 3 when that is undecided
 * @throws UsageError for files that cannot be opened and for an unknown target or preset
 */
export async function fitCommand(
  given: string | readonly string[] | undefined,
  plugins: readonly string[],
  options: FitCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (plugins.length === 0) throw new UsageError('fit needs at least one plugin: plugin-gate fit HOST PLUGIN...');
  const named = typeof given === 'string' ? [given] : (given ?? [NO_FILE]);
  const hosts = named.length === 0 ? [NO_FILE] : [...new Set(named)];
  const shared = sharedOptions(options);
  const opened: OpenLoadable[] = [];
  const open = (file: string, what: string): OpenLoadable => {
    const found = openLoadable(file, what);
    opened.push(found);
    return found;
  };
  try {
    const files = plugins.map((file): PluginFile => ({ file, ...open(file, 'the plugin') }));
    const readable = files.flatMap(({ loadable }) => loadable ?? []);
    const answers: HostFit[] = [];
    for (const path of hosts) {
      const input: HostInput =
        path === NO_FILE
          ? { host: { kind: 'unknown', name: nameless(options) } }
          : await hostInput(path, readable, open, options.environment ?? {});
      answers.push(await fitOne(input, files, readable, shared, options));
    }
    terminal.out(await render(answers, options.format ?? 'text', terminal));
    return exitOfFit(answers);
  } finally {
    for (const { close } of opened) close();
  }
}

interface PluginFile extends OpenLoadable {
  readonly file: string;
}

/** @throws UsageError */
function sharedOptions({
  target,
  required,
  preset,
  root,
  libraryDirs = [],
}: FitCommandOptions): Omit<HostOptions, 'find'> {
  if (preset !== undefined && !isPreset(preset)) {
    throw new UsageError(`The preset ${preset} is not known. Known presets: ${PRESETS.join(', ')}.`);
  }
  for (const [option, place] of [
    ['--sysroot', root],
    ...libraryDirs.map((one) => ['--library-dir', one] as const),
  ] as const) {
    if (place !== undefined && statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new UsageError(`There is no directory ${place}, which ${option} names.`);
    }
  }
  return {
    ...(target === undefined ? {} : { target: parseTarget(target) }),
    ...(required === undefined ? {} : { required }),
    ...(preset === undefined ? {} : { preset }),
  };
}

/** What stands for a host that is not given. */
function nameless({ preset, target }: FitCommandOptions): string {
  return [preset, target].filter((part) => part !== undefined).join(' on ') || 'any host';
}

async function fitOne(
  { host, built }: HostInput,
  files: readonly PluginFile[],
  readable: readonly LoadableFile[],
  shared: Omit<HostOptions, 'find'>,
  options: FitCommandOptions,
): Promise<HostFit> {
  const first = host.kind === 'program' ? host.image.image : readable[0]?.image;
  const fits =
    first === undefined ? [] : await fitsOf(host, readable, { ...shared, find: librariesOf(first, shared, options) });
  const plugins: FileFit[] = [];
  for (const { file, loadable, problems } of files) {
    const fit = loadable === undefined ? undefined : fits[readable.indexOf(loadable)];
    const types = loadable === undefined ? [] : await typeReasons(host, loadable, options);
    // Those of a file that is read piece by piece are known only now.
    const advice = loadable?.go?.plugin === undefined ? [] : mainTypes(loadable.go.plugin.table);
    const reasons = [...problems.map(pluginProblem), ...(fit?.reasons ?? []), ...types, ...advice];
    plugins.push({ file, fit: { loads: loads(reasons), reasons, ...(fit?.go === undefined ? {} : { go: fit.go }) } });
  }
  return { host: host.name, kind: host.kind, ...(built === undefined ? {} : { built }), plugins };
}

/** The plain case, a program and nothing more, does without the rest. */
async function fitsOf(
  host: HostInput['host'],
  plugins: readonly LoadableFile[],
  options: HostOptions,
): Promise<readonly Fit[]> {
  if (options.preset === undefined && host.kind === 'program') return fitPlugins(host.image, plugins, options);
  if (options.preset === undefined && host.kind === 'unknown') return fitPlugins(undefined, plugins, options);
  return (await import('../parts/fit-more.ts')).fitIntoHost(host, plugins, options);
}

function librariesOf(first: ElfImage, { target }: Omit<HostOptions, 'find'>, options: FitCommandOptions) {
  return librariesFor(first, { target, root: options.root, directories: options.libraryDirs });
}

/**
 * A host that was named on the command line: a program, or what stands for one.
 * @param open opens a program; the caller closes it
 * @throws UsageError for a path that leads to nothing of these
 */
async function hostInput(
  path: string,
  plugins: readonly LoadableFile[],
  open: (file: string, what: string) => OpenLoadable,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HostInput> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true || (stat?.isFile() === true && !isElfFile(path))) {
    const found = await (await import('../parts/fit-more.ts')).describedHost(path, plugins, environment);
    if (found !== undefined) return found;
  }
  const { loadable, problems } = open(path, 'the host');
  if (loadable !== undefined) return { host: { kind: 'program', name: path, image: loadable } };
  const why = problems[0]?.message ?? 'it is no ELF file.';
  throw new UsageError(
    `The host ${path} cannot be used: ${why} A host is a program, a directory with a Go main package, a go.mod, or the output of go version -m.`,
  );
}

/** 1 when a plugin does not load, else 3 when one is undecided, else 0. */
function exitOfFit(answers: readonly HostFit[]): ExitCode {
  const all = answers.flatMap(({ plugins }) => plugins.map(({ fit }) => fit.loads));
  if (all.includes(false)) return 1;
  return all.includes('undecided') ? 3 : 0;
}

function pluginProblem({ rule, message }: ElfProblem): Finding {
  // The loader may see something else in a malformed file than was read here.
  const open = rule === 'elf/malformed' || rule === 'elf/unsupported';
  return finding(rule, message, { subject: 'file', ...(open && { severity: 'undecided' as const }) });
}

/** Each plugin with what all hosts together say of it. */
function together(answers: readonly HostFit[]): readonly FileFit[] {
  const [first] = answers;
  if (first === undefined || answers.length === 1) return first?.plugins ?? [];
  return first.plugins.map(({ file }, index) => {
    const own = answers.flatMap(({ host, plugins }) => {
      const fit = plugins[index]?.fit;
      return fit === undefined ? [] : [{ host, fit }];
    });
    const fit: Fit = { loads: loadsInAll(own), reasons: foldHosts(own) };
    return { file, fit };
  });
}

async function render(answers: readonly HostFit[], format: FitFormat, terminal: Terminal): Promise<string> {
  const plugins = together(answers);
  switch (format) {
    case 'json':
      return renderFitJson(plugins, answers);
    case 'text':
      return renderFitText(plugins, answers, { colour: terminal.colour, width: terminal.width });
    case 'markdown':
      return (await import('../parts/fit-more.ts')).renderFitMarkdown(plugins, answers);
    case 'html':
      return (await import('../parts/fit-more.ts')).renderFitHtml(plugins, answers);
    case 'sarif':
      throw new UsageError(
        'fit has no sarif output; use text, json, markdown or html, or the report of the check command.',
      );
  }
}
