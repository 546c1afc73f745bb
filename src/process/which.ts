import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/**
 * The file that running `program` would start, as execvp(3) finds it.
 * @param program a name to search for, or a path when it has a slash
 * @param path value of PATH; relative entries are skipped, since they would mean another program in every directory
 * @param cwd where a relative path with a slash starts
 */
export function findProgram(program: string, path: string | undefined, cwd: string): string | undefined {
  if (program === '' || program.includes('\0')) return undefined;
  if (program.includes('/')) {
    const file = resolve(cwd, program);
    return isExecutable(file) ? file : undefined;
  }
  for (const directory of (path ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const file = join(directory, program);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
