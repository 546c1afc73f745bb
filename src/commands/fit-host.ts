import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ElfBytes } from '../elf/cursor.ts';
import { readElf } from '../elf/read.ts';
import { UsageError } from '../errors.ts';
import { describeHost, isElfBytes, LARGEST_DESCRIPTION } from '../fit/host-description.ts';
import { type Host, notBuilt, unusable } from '../fit/hosts.ts';
import type { LoadableFile } from '../fit/model.ts';
import { readGo } from '../golang/read.ts';
import type { OpenLoadable } from './open-loadable.ts';
import { readInput } from './read-input.ts';

export interface HostInput {
  readonly host: Host;
  /** The command that built it, when it was a package. */
  readonly built?: string;
}

/**
 * A host that was named on the command line, by what the path leads to: a program, a directory with a Go main package, a
 * go.mod, or a dump of build information.
 * @param plugins what it is to load: a package is built as the first Go plugin was
 * @param open opens a program; the caller closes it
 * @throws UsageError for a path that leads to nothing of these
 */
export async function hostInput(
  path: string,
  plugins: readonly LoadableFile[],
  open: (file: string, what: string) => OpenLoadable,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HostInput> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return packageHost(path, plugins, environment);
  if (stat?.isFile() === true && !isElfBytes(startOf(path))) {
    const description = describeHost(path, await readInput(path, 'the host'), () => besideGoMod(path));
    if (description !== undefined) return { host: { kind: 'described', name: path, description } };
  }
  const { loadable, problems } = open(path, 'the host');
  if (loadable !== undefined) return { host: { kind: 'program', name: path, image: loadable } };
  const why = problems[0]?.message ?? 'it is no ELF file.';
  throw new UsageError(
    `The host ${path} cannot be used: ${why} A host is a program, a directory with a Go main package, a go.mod, or the output of go version -m.`,
  );
}

/** The first bytes; none when they cannot be read, which opening the file as a program then tells. */
function startOf(path: string): Uint8Array {
  const bytes = Buffer.alloc(4);
  try {
    const descriptor = openSync(path, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return new Uint8Array([0x7f, 0x45, 0x4c, 0x46]);
  }
  return bytes;
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
  const { buildHostPackage } = await import('../fit/host-package.ts');
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
