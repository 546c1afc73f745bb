import type { GoModule } from '../build-info.ts';
import type { GoReading } from '../read.ts';
import { directoryOf, localDirectoryOf } from '../source-directories.ts';

/** The module of a package in one binary, as far as it is known. */
export interface ModuleUse {
  readonly path: string;
  /** What was compiled: the replacement where there is one. */
  readonly version: string;
  readonly sum?: string;
  /** Built where it lies: the main module, a workspace module or a replacement by a directory. */
  readonly local: boolean;
  readonly main: boolean;
  /** The version that was asked for, where a replacement was compiled in its place; a `replace` may name it. */
  readonly required?: string;
  /** Path of the replacement: a module or a directory. */
  readonly replacedBy?: string;
}

/** Finds modules of packages; made once a binary. */
export interface ModuleIndex {
  readonly of: (packagePath: string) => ModuleUse | undefined;
}

export function moduleIndex(go: GoReading): ModuleIndex {
  const { build } = go;
  // Directories are read from the file when they are asked for.
  if (build === undefined) return { of: (path) => fromDirectory(go.directories, path) };
  const byPath = new Map(build.modules.map((module) => [module.path, useOf(module, false)]));
  if (build.module !== undefined) byPath.set(build.module.path, useOf(build.module, true));
  return {
    of: (packagePath) => {
      for (let path = packagePath; path !== ''; path = path.slice(0, Math.max(path.lastIndexOf('/'), 0))) {
        const found = byPath.get(path);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function useOf(module: GoModule, main: boolean): ModuleUse {
  const real = module.replace ?? module;
  const directory = module.replace !== undefined && /^(?:\.{0,2}\/|\.{1,2}$)/.test(module.replace.path);
  return {
    path: module.path,
    version: real.version,
    ...(real.sum === undefined ? {} : { sum: real.sum }),
    local: main || directory || real.version === '' || real.version === '(devel)',
    main,
    ...(module.replace === undefined ? {} : { required: module.version, replacedBy: module.replace.path }),
  };
}

/** Where there is no build information, the module cache's directory names tell path and version. */
function fromDirectory(directories: ReadonlySet<string>, packagePath: string): ModuleUse | undefined {
  const directory = directoryOf(directories, packagePath);
  const version = directory === undefined ? undefined : /@(v[^/]+)/.exec(directory)?.[1];
  if (directory === undefined || version === undefined) return undefined;
  const below = directory.slice(directory.indexOf(`@${version}`) + 1 + version.length);
  const path = packagePath.slice(0, packagePath.length - below.length);
  return { path, version, local: false, main: false };
}

/** Where the package was compiled, as the compiler recorded it. */
export function packageDirectory(
  { directories }: GoReading,
  packagePath: string,
  module: ModuleUse | undefined,
): string | undefined {
  const found = directoryOf(directories, packagePath);
  if (found !== undefined || module === undefined || !module.local) return found;
  const below = packagePath.slice(module.path.length + 1);
  return below === '' ? undefined : localDirectoryOf(directories, below);
}

/** As a person reads it: `v1.2.0`, `v1.2.0 => ../lib`, `built in place`. */
export function useText({ version, local, main, replacedBy }: ModuleUse): string {
  const shown = version === '(devel)' || version === '' ? '' : version;
  if (replacedBy !== undefined) return `replaced by ${replacedBy}${shown === '' ? '' : ` ${shown}`}`;
  if (main) return `the main module${shown === '' ? '' : ` (${shown})`}`;
  return local ? 'built in place' : shown;
}
