import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { isGo } from '../elf/go.ts';
import type { ElfProblem } from '../elf/model.ts';
import { openElf } from '../elf/open.ts';
import { readElfLazily } from '../elf/read.ts';
import { isUsageError, UsageError } from '../errors.ts';
import type { LoadableFile } from '../fit/model.ts';
import { readGo } from '../golang/read.ts';
import { reasonOf } from './read-input.ts';

/** A file that `fit` asks questions of, read piece by piece. */
export interface OpenLoadable {
  /** Absent when it is no ELF file. */
  readonly loadable?: LoadableFile;
  /** What was wrong with what has been read so far: for a Go file, ask when the questions are answered. */
  readonly problems: readonly ElfProblem[];
  readonly close: () => void;
}

/**
 * Opens a file that was named on the command line. Of a Go file, whose tables are large, only those parts are read that are asked
 * for; of others, what the dynamic loader reads.
 * @param what for messages, such as `the host`
 * @throws UsageError when it is missing, no regular file, or may not be read
 */
export function openLoadable(file: string, what: string): OpenLoadable {
  let descriptor: number | undefined;
  try {
    // A named pipe would keep open() waiting for a writer.
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    descriptor = opened;
    const stat = fstatSync(opened);
    if (!stat.isFile()) throw new UsageError(`Cannot read ${what} ${file}: it is not a regular file.`);
    const read = (buffer: Uint8Array, offset: number, length: number, position: number): number =>
      readSync(opened, buffer, offset, length, position);
    const close = () => closeSync(opened);
    const open = openElf(stat.size, read);
    if (!('image' in open)) return { problems: open.problems, close };
    const { image, problems, bytes, find } = open;
    if (find === undefined || !isGo(image)) {
      const { image: whole = image, problems: found } = readElfLazily(stat.size, read);
      const go = readGo(bytes, whole);
      return { loadable: { file, image: whole, bytes, ...(go === undefined ? {} : { go }) }, problems: found, close };
    }
    const go = readGo(bytes, image, find);
    return {
      loadable: { file, realPath: realpathSync(file), image, bytes, find, ...(go === undefined ? {} : { go }) },
      problems,
      close,
    };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (isUsageError(error)) throw error;
    throw new UsageError(`Cannot read ${what} ${file}: ${reasonOf(error)}`);
  }
}
