import type { ElfBytes } from '../elf/cursor.ts';
import type { FindSymbols } from '../elf/find.ts';
import type { ElfImage } from '../elf/model.ts';
import type { FloorTarget } from '../elf/targets.ts';
import type { GoFit } from '../golang/fit/fit.ts';
import type { GoReading } from '../golang/read.ts';
import type { Finding } from '../rules/finding.ts';

/** A file that is, or would be, loaded into a process. */
export interface LoadableFile {
  /** Its path; $ORIGIN is the directory of it. */
  readonly file: string;
  /** The same without symbolic links, where that was looked up. */
  readonly realPath?: string;
  readonly image: ElfImage;
  /** What the Go toolchain left in it; absent for other files. */
  readonly go?: GoReading;
  /** The bytes that `image` was read from; only presets look at data. */
  readonly bytes?: ElfBytes;
  /** Looks one name up as the dynamic loader does; without it, `image.symbols` is gone through. */
  readonly find?: FindSymbols;
}

/** The program that loads plugins. */
export type HostImage = LoadableFile;

/** Where a library is asked for: the file that needs it and, nearest first, the files that had that one loaded. */
export interface Asker {
  readonly file: LoadableFile;
  readonly loaders: readonly LoadableFile[];
}

/** Finds the library that the dynamic loader would take for a DT_NEEDED name; undefined when there is none. */
export type FindLibrary = (name: string, asker: Asker) => LoadableFile | undefined;

export interface FitOptions {
  readonly find: FindLibrary;
  /** The system that the plugin must load on; judged by its version floors instead of the libraries found here. */
  readonly target?: FloorTarget;
  /** Symbols that the plugin must export. */
  readonly required?: readonly string[];
  /** The host loads these plugins with dlopen, although it is a Go program that can open Go plugins. */
  readonly dlopened?: boolean;
}

/** Whether a plugin would load, and every reason why not. */
export interface Fit {
  readonly loads: boolean | 'undecided';
  readonly reasons: readonly Finding[];
  /** For a Go plugin in a Go host: the comparison of packages. */
  readonly go?: GoFit;
}
