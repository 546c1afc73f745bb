import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EnvironmentError, UsageError } from '../errors.ts';
import { errorCode } from './error-code.ts';

/**
 * Writes a file whole or not at all: what reads it meanwhile sees the old one or the new one.
 * @param path absolute
 * @param shown how the user knows the file
 * @param overwrite false: an existing file is left as it is
 * @throws UsageError when the file exists and must not be overwritten, EnvironmentError when it cannot be written
 */
export function replaceFile(path: string, shown: string, content: string | Uint8Array, overwrite: boolean): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content, { flag: 'wx' });
    if (overwrite) renameSync(temporary, path);
    else linkSync(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && !overwrite) throw new UsageError(`${shown} is already there; --force overwrites it.`);
    throw new EnvironmentError(`${shown}: cannot be written (${code}).`);
  } finally {
    rmSync(temporary, { force: true });
  }
}
