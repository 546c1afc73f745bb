import type { ElfImage, ElfProblem } from '../elf/model.ts';
import { readElf } from '../elf/read.ts';
import { parseTarget } from '../elf/targets.ts';
import { UsageError } from '../errors.ts';
import { libraryFinder } from '../fit/library-files.ts';
import type { Fit, FitOptions, HostImage, LoadableFile } from '../fit/model.ts';
import { fitPlugins } from '../fit/plugin.ts';
import { isSystemLibrary } from '../fit/requirements.ts';
import { readGo } from '../golang/read.ts';
import { type FileFit, renderFitJson, renderFitText } from '../report/fit-text.ts';
import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { ExitCode, Format, Terminal } from './command.ts';
import { readInput } from './read-input.ts';

export interface FitCommandOptions {
  readonly format?: Format;
  /** `debian:11`, `ubuntu:20.04`, `rhel:8`, `glibc:2.31`: the system that the plugins must load on. */
  readonly target?: string;
  /** Directories with needed libraries, searched before those of the system. */
  readonly libraryDirs?: readonly string[];
  /** Root of the target system, such as an unpacked container image; that of this machine unless given. */
  readonly root?: string;
  /** Symbols that every plugin must export. */
  readonly required?: readonly string[];
}

/**
 * `plugin-gate fit HOST PLUGIN...`: would these plugins load in this host, and if not, every reason.
 * @param host the host program; undefined when it is not known
 * @returns 0 when all load, 1 when one does not, 3 when that is undecided
 * @throws UsageError for files that cannot be opened and for an unknown target
 */
export async function fitCommand(
  host: string | undefined,
  plugins: readonly string[],
  options: FitCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (plugins.length === 0) throw new UsageError('fit needs at least one plugin: plugin-gate fit HOST PLUGIN...');
  const target = options.target === undefined ? undefined : parseTarget(options.target);
  const hostFile = host === undefined ? undefined : await readHost(host);
  const results: FileFit[] = [];
  const readable: { readonly index: number; readonly plugin: LoadableFile; readonly problems: readonly Finding[] }[] =
    [];
  for (const [index, file] of plugins.entries()) {
    const bytes = await readInput(file, 'the plugin');
    const { image, problems } = readElf(bytes);
    const found = problems.map(pluginProblem);
    if (image === undefined) results[index] = { file, fit: judged(found) };
    else readable.push({ index, plugin: { file, image, ...goOf(bytes, image) }, problems: found });
  }
  const first = hostFile?.image ?? readable[0]?.plugin.image;
  if (first !== undefined) {
    const fitOptions: FitOptions = {
      find: libraryFinder(first, {
        ...(options.root !== undefined && { root: options.root }),
        ...(options.libraryDirs !== undefined && { directories: options.libraryDirs }),
        // Libraries of this machine say nothing about another system; names of the C library are everywhere the same.
        ...(target !== undefined && options.root === undefined && { fromSystem: isSystemLibrary }),
      }),
      ...(target !== undefined && { target }),
      ...(options.required !== undefined && { required: options.required }),
    };
    const fits = fitPlugins(
      hostFile,
      readable.map(({ plugin }) => plugin),
      fitOptions,
    );
    for (const [at, { index, plugin, problems }] of readable.entries()) {
      const fit = fits[at];
      const go = fit?.go === undefined ? {} : { go: fit.go };
      results[index] = { file: plugin.file, fit: { ...judged([...problems, ...(fit?.reasons ?? [])]), ...go } };
    }
  }
  terminal.out(render(results, options.format ?? 'text', terminal));
  return exitOfFit(results);
}

/** 1 when a plugin does not load, else 3 when one is undecided, else 0. */
function exitOfFit(results: readonly FileFit[]): ExitCode {
  if (results.some(({ fit }) => fit.loads === false)) return 1;
  return results.some(({ fit }) => fit.loads === 'undecided') ? 3 : 0;
}

async function readHost(file: string): Promise<HostImage> {
  const bytes = await readInput(file, 'the host');
  const { image, problems } = readElf(bytes);
  if (image === undefined) {
    throw new UsageError(`The host ${file} cannot be used: ${problems[0]?.message ?? 'it is no ELF file.'}`);
  }
  return { file, image, ...goOf(bytes, image) };
}

function goOf(bytes: Uint8Array, image: ElfImage): Pick<LoadableFile, 'go'> {
  const go = readGo(bytes, image);
  return go === undefined ? {} : { go };
}

function pluginProblem({ rule, message }: ElfProblem): Finding {
  // The loader may see something else in a malformed file than was read here.
  const open = rule === 'elf/malformed' || rule === 'elf/unsupported';
  return finding(rule, message, { subject: 'file', ...(open && { severity: 'undecided' as const }) });
}

function judged(reasons: readonly Finding[]): Fit {
  const no = reasons.some(({ severity }) => severity === 'error');
  const open = reasons.some(({ severity }) => severity === 'undecided');
  return { loads: no ? false : open ? 'undecided' : true, reasons };
}

function render(results: readonly FileFit[], format: Format, terminal: Terminal): string {
  switch (format) {
    case 'json':
      return renderFitJson(results);
    case 'text':
      return renderFitText(results, { colour: terminal.colour, width: terminal.width });
    case 'markdown':
    case 'sarif':
      throw new UsageError(
        `fit has no ${format} output; use --format text or json, or the report of the check command.`,
      );
  }
}
