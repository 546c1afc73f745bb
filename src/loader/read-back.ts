import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A reader that waits for nobody and follows no link: what a plugin could change may be a pipe by now, or lead to an endless file. */
const CAREFUL = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The beginning of a file that a plugin's process could change, as far as it is a plain file.
 * @param most bytes that are read
 * @returns undefined when there is no such file, or it is something else by now
 */
export function readBack(file: string, most: number): Buffer | undefined {
  try {
    const descriptor = openSync(file, CAREFUL);
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) return undefined;
      const bytes = Buffer.alloc(Math.min(status.size, most));
      let at = 0;
      while (at < bytes.length) {
        const count = readSync(descriptor, bytes, at, bytes.length - at, at);
        if (count === 0) break;
        at += count;
      }
      return bytes.subarray(0, at);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
