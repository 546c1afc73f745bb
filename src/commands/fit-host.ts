import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ElfBytes } from '../elf/cursor.ts';
import { readElf } from '../elf/read.ts';
import { describeHost, LARGEST_DESCRIPTION } from '../fit/host-description.ts';
import { buildHostPackage } from '../fit/host-package.ts';
import { type Host, notBuilt, unusable } from '../fit/hosts.ts';
import type { LoadableFile } from '../fit/model.ts';
import { readGo } from '../golang/read.ts';
import { readInput } from './read-input.ts';

export interface HostInput {
  readonly host: Host;
  /** The command that built it, when it was a package. */
  readonly built?: string;
}

/**
 * A host on the command line that is no program, by what the path leads to: a directory with a Go main package, a go.mod, or a
 * dump of build information.
 * @param plugins what it is to load: a package is built as the first Go plugin was
 * @returns undefined when it is none of these
 * @throws UsageError when it cannot be read
 */
export async function describedHost(
  path: string,
  plugins: readonly LoadableFile[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HostInput | undefined> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return packageHost(path, plugins, environment);
  const description = describeHost(path, await readInput(path, 'the host'), () => besideGoMod(path));
  return description === undefined ? undefined : { host: { kind: 'described', name: path, description } };
}

function besideGoMod(path: string): string | undefined {
  const file = join(dirname(path), basename(path).replace(/\.mod$/, '.sum'));
  try {
    const stat = statSync(file);
    return file !== path && stat.isFile() && stat.size <= LARGEST_DESCRIPTION ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

async function packageHost(
  path: string,
  plugins: readonly LoadableFile[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HostInput> {
  const like = plugins.find(({ go }) => go?.toolchain !== undefined);
  if (like?.go === undefined) {
    return {
      host: unusable(path, 'it is a directory, and there is no Go plugin that names the toolchain to build it with.'),
    };
  }
  const built = await buildHostPackage({ package: '.', directory: resolve(path) }, like.go, like.image, environment);
  if ('reason' in built) return { host: notBuilt(path, built.reason, built.output) };
  const { bytes, command } = built;
  const { image, problems } = readElf(bytes);
  if (image === undefined) return { host: notBuilt(path, problems[0]?.message ?? 'it is no main package') };
  const { endian, class: width } = image.header;
  const go = readGo(bytes, image);
  const program: LoadableFile = {
    file: path,
    image,
    bytes: new ElfBytes(bytes, endian === 'little', width === 64),
    ...(go === undefined ? {} : { go }),
  };
  return { host: { kind: 'program', name: path, image: program }, built: command };
}
