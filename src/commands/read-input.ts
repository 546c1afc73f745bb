import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isUsageError, UsageError } from '../errors.ts';

/** Bytes; larger files are no plugins, and reading them whole would exhaust the memory. */
const LARGEST = 2 * 1024 * 1024 * 1024 - 1;

/**
 * Reads a file that was named on the command line.
 * @param what for the message, for example `the old file`
 * @throws UsageError when it is missing, a directory, too large or may not be read
 */
export async function readInput(file: string, what: string): Promise<Uint8Array> {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new UsageError(`Cannot read ${what} ${file}: it is not a regular file.`);
    if (stat.size > LARGEST) throw new UsageError(`Cannot read ${what} ${file}: it is larger than ${LARGEST} bytes.`);
    return await readFile(file);
  } catch (error) {
    if (isUsageError(error)) throw error;
    throw new UsageError(`Cannot read ${what} ${file}: ${reasonOf(error)}`);
  }
}

/** By shape, not by class: an error of the file system can come from another realm than ours. */
export function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file. Check the path.';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied. Check who may read it.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
