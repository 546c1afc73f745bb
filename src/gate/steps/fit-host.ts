import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readArtifact } from '../../artifact/read.ts';
import { expandTokens } from '../../build/tokens.ts';
import type { HostConfig } from '../../config/schema.ts';
import { ElfBytes } from '../../elf/cursor.ts';
import { readElf } from '../../elf/read.ts';
import { isUsageError } from '../../errors.ts';
import { isElfBytes } from '../../fit/elf-start.ts';
import { describeHost } from '../../fit/host-description.ts';
import { buildHostPackage } from '../../fit/host-package.ts';
import { type Host, notBuilt, unusable } from '../../fit/hosts.ts';
import type { LoadableFile } from '../../fit/model.ts';
import { readGo } from '../../golang/read.ts';
import { EXCHANGED } from '../host-files.ts';
import type { GateContext } from '../known.ts';
import type { Job } from '../plan.ts';

export interface HostFound {
  readonly host: Host;
  /** The command that built it. */
  readonly built?: string;
}

/** Paths of hosts may lead out of the repository, to what is installed on the machine. */
export function placeIn(path: string, { root }: GateContext): string {
  return resolve(root, path);
}

/**
 * The host of the configuration, read or built. A host that cannot be used is told as such, and is no exception.
 * @param before digests of files before the build, by path
 */
export async function hostOf(
  config: HostConfig,
  job: Job,
  plugin: LoadableFile,
  context: GateContext,
  before?: ReadonlyMap<string, string>,
): Promise<HostFound> {
  const { name } = config;
  for (const place of [...(config.sysroot === undefined ? [] : [config.sysroot]), ...config.libraries]) {
    // Where libraries are looked for and nothing is, all would seem to be missing, or none to be needed.
    if (!isDirectory(placeIn(place, context))) return { host: unusable(name, `there is no directory ${place}.`) };
  }
  if (config.package !== undefined) return built(config.package, config.directory ?? '.', name, plugin, context);
  if (config.file === undefined) return { host: { kind: 'unknown', name } };
  const file = placeIn(expandTokens(config.file, job.tokens, `file of host ${name}`), context);
  const { artifact, problem } = readArtifact('/', file.slice(1));
  if (artifact === undefined) return { host: unusable(name, problem.message) };
  const { bytes, digest } = artifact;
  if ((before?.get(file) ?? digest) !== digest) return { host: unusable(name, EXCHANGED) };
  if (!isElfBytes(bytes)) {
    try {
      const description = describeHost(file, bytes, () => besideGoMod(file));
      if (description !== undefined) return { host: { kind: 'described', name, description } };
    } catch (error) {
      if (isUsageError(error)) return { host: unusable(name, error.message) };
      throw error;
    }
  }
  return { host: programOf(name, file, bytes) };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function bytesOf(file: string): Uint8Array | string {
  const { artifact, problem } = readArtifact('/', file.slice(1));
  return artifact === undefined ? problem.message : artifact.bytes;
}

function besideGoMod(file: string): string | undefined {
  const sums = join(dirname(file), basename(file).replace(/\.mod$/, '.sum'));
  const bytes = sums === file ? '' : bytesOf(sums);
  return typeof bytes === 'string' ? undefined : Buffer.from(bytes).toString('utf8');
}

function programOf(name: string, file: string, bytes: Uint8Array): Host {
  const { image, problems } = readElf(bytes);
  if (image === undefined) return unusable(name, problems[0]?.message ?? 'it is no ELF file.');
  const go = readGo(bytes, image);
  const { endian, class: width } = image.header;
  const data = new ElfBytes(bytes, endian === 'little', width === 64);
  return { kind: 'program', name, image: { file, image, bytes: data, ...(go === undefined ? {} : { go }) } };
}

async function built(
  main: string,
  directory: string,
  name: string,
  plugin: LoadableFile,
  context: GateContext,
): Promise<HostFound> {
  if (plugin.go === undefined) {
    return {
      host: unusable(name, `${main} is built as the plugin was, and the plugin is not made by the Go toolchain.`),
    };
  }
  const place = { package: main, directory: placeIn(directory, context) };
  const result = await buildHostPackage(place, plugin.go, plugin.image, context.environment);
  if ('reason' in result) return { host: notBuilt(name, result.reason, result.output) };
  return { host: programOf(name, main, result.bytes), built: result.command };
}
