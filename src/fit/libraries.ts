import type { ElfImage } from '../elf/model.ts';
import type { FloorTarget } from '../elf/targets.ts';
import { libraryFinder } from './library-files.ts';
import type { FindLibrary } from './model.ts';
import { isSystemLibrary } from './requirements.ts';

export interface LibrarySources {
  readonly target?: FloorTarget | undefined;
  /** Directory with an unpacked target system. */
  readonly root?: string | undefined;
  /** Directories of this machine, searched first. */
  readonly directories?: readonly string[] | undefined;
}

/**
 * Where needed libraries come from. Those of this machine say nothing about another system, but for the C and C++ libraries of glibc
 * systems, whose names are everywhere the same; with a root of the target, all are taken from there.
 * @param first a file of the process, for the machine
 */
export function librariesFor(first: ElfImage, { target, root, directories }: LibrarySources): FindLibrary {
  const fromSystem = target?.musl === undefined ? isSystemLibrary : () => false;
  return libraryFinder(first, {
    ...(root === undefined ? {} : { root }),
    ...(directories === undefined ? {} : { directories }),
    ...(target !== undefined && root === undefined ? { fromSystem } : {}),
  });
}
