import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describeMachine } from '../elf/machine.ts';
import type { ElfImage } from '../elf/model.ts';
import { isForMusl } from '../elf/musl.ts';
import type { PrebuiltName } from './prebuilt.ts';

/** How a plugin can be run on this machine. */
export type Platform =
  | { readonly kind: 'run'; readonly prebuilt: PrebuiltName; readonly emulator?: Emulator }
  /** There is no loader for such files at all. */
  | { readonly kind: 'unsupported'; readonly machine: string }
  /** There is a loader, but this machine cannot run it. */
  | { readonly kind: 'missing'; readonly machine: string; readonly missing: string };

export interface Emulator {
  readonly program: string;
  /** Root under which it finds the libraries of the other architecture. */
  readonly sysroot: string;
}

interface Architecture {
  readonly name: 'amd64' | 'arm64';
  /** As process.arch names it. */
  readonly node: string;
  readonly emulators: readonly string[];
  /** Where cross packages put its C library. */
  readonly sysroot: string;
  readonly glibcInterpreter: string;
  readonly muslInterpreter: string;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  'x86-64': {
    name: 'amd64',
    node: 'x64',
    emulators: ['qemu-x86_64', 'qemu-x86_64-static'],
    sysroot: '/usr/x86_64-linux-gnu',
    glibcInterpreter: '/lib64/ld-linux-x86-64.so.2',
    muslInterpreter: '/lib/ld-musl-x86_64.so.1',
  },
  aarch64: {
    name: 'arm64',
    node: 'arm64',
    emulators: ['qemu-aarch64', 'qemu-aarch64-static'],
    sysroot: '/usr/aarch64-linux-gnu',
    glibcInterpreter: '/lib/ld-linux-aarch64.so.1',
    muslInterpreter: '/lib/ld-musl-aarch64.so.1',
  },
};

export interface Machine {
  /** process.arch */
  readonly architecture: string;
  /** PATH in which emulators are looked for. */
  readonly path: string;
  readonly sysroot?: string;
}

/**
 * Chooses the loader for a plugin: by its processor and C library, natively or through an emulator.
 * A plugin that names no C library goes with whichever is there, glibc first.
 */
export function choosePlatform(image: ElfImage, machine: Machine): Platform {
  const described = describeMachine(image.header);
  const architecture = Object.hasOwn(ARCHITECTURES, image.header.machine)
    ? ARCHITECTURES[image.header.machine]
    : undefined;
  if (architecture === undefined || image.header.class !== 64 || image.header.endian !== 'little') {
    return { kind: 'unsupported', machine: described };
  }
  const native = machine.architecture === architecture.node;
  const emulator = native ? undefined : findEmulator(architecture, machine);
  if (!native && emulator === undefined) {
    return { kind: 'missing', machine: described, missing: `an emulator for it (${architecture.emulators[0]})` };
  }
  const root = emulator?.sysroot ?? '/';
  const hasGlibc = existsSync(join(root, architecture.glibcInterpreter));
  const hasMusl = existsSync(join(root, architecture.muslInterpreter));
  const wanted = libcOf(image);
  if (wanted !== 'musl' && hasGlibc) return { kind: 'run', prebuilt: `linux-${architecture.name}`, emulator };
  if (wanted !== 'glibc' && hasMusl) return { kind: 'run', prebuilt: `linux-${architecture.name}-musl`, emulator };
  const interpreter = wanted === 'musl' ? architecture.muslInterpreter : architecture.glibcInterpreter;
  return {
    kind: 'missing',
    machine: described,
    missing: `the ${wanted ?? 'C'} dynamic loader ${join(root, interpreter)}`,
  };
}

function libcOf({ dynamic, versions }: ElfImage): 'glibc' | 'musl' | undefined {
  const glibc =
    dynamic.needed.some((library) => /^libc\.so\.6(\.1)?$/.test(library)) ||
    versions.needed.some(({ versions }) => versions.some(({ name }) => name.startsWith('GLIBC_')));
  if (glibc) return 'glibc';
  // `libc.so` is how musl-gcc and zig name musl's library, Alpine names it libc.musl-<arch>.so.1.
  return isForMusl(dynamic) || dynamic.needed.includes('libc.so') ? 'musl' : undefined;
}

function findEmulator(architecture: Architecture, { path, sysroot }: Machine): Emulator | undefined {
  for (const directory of path.split(delimiter)) {
    for (const name of architecture.emulators) {
      if (!directory.startsWith('/')) continue;
      const program = join(directory, name);
      if (existsSync(program)) return { program, sysroot: sysroot ?? architecture.sysroot };
    }
  }
  return undefined;
}
