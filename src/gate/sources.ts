import { existsSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { isInside } from '../artifact/read.ts';
import { matchesGlob } from '../text/path-glob.ts';
import type { GateContext } from './known.ts';

/**
 * The path of a source file as debug information records it, made relative to the repository where the file lies in it:
 * absolute paths below the repository, and relative ones (from -ffile-prefix-map) that exist there.
 */
export function locate(
  file: string,
  { root, repository, witness }: Pick<GateContext, 'root' | 'repository' | 'witness'>,
): string {
  if (file.startsWith('/')) {
    return isInside(repository, file) ? relative(repository, file) : file;
  }
  for (const path of [join(root, file), join(repository, file)]) {
    if (isInside(repository, path) && (witness?.exists(path) ?? existsSync(path))) return relative(repository, path);
  }
  return file;
}

/**
 * Whether a declaration's file is one of the public headers. Compilers record paths as they were given to them, so a
 * pattern also matches the end of a longer path: `include/*.h` matches `/build/x/include/a.h`.
 */
export function isPublicHeader(
  file: string,
  headers: readonly string[],
  context: Pick<GateContext, 'root' | 'repository' | 'witness'>,
): boolean {
  const path = locate(file, context);
  const fromRoot = relative(relative(context.repository, context.root), path);
  const ends = posix.normalize(file).split('/');
  return headers.some((pattern) => {
    if (matchesGlob(pattern, path) || matchesGlob(pattern, fromRoot)) return true;
    const depth = pattern.split('/').length;
    return !pattern.includes('**') && ends.length >= depth && matchesGlob(pattern, ends.slice(-depth).join('/'));
  });
}
