import { existsSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInside } from '../artifact/read.ts';

/** What changes about a file whenever anybody writes or replaces it. */
export interface FileMark {
  readonly real: string;
  readonly inode: number;
  readonly size: number;
  readonly changedMs: number;
}

/**
 * A mark of a file by which a later look tells whether it was written in between. The change time is used, since a
 * build can set the modification time (`cp -p`, `install -p`).
 * @returns undefined when there is no regular file inside `root`
 */
export function markFile(root: string, file: string): FileMark | undefined {
  try {
    const real = realpathSync(join(root, file));
    const stat = statSync(real);
    if (!stat.isFile() || !isInside(realpathSync(root), real)) return undefined;
    return { real, inode: stat.ino, size: stat.size, changedMs: stat.ctimeMs };
  } catch {
    return undefined;
  }
}

/** Whether nobody wrote the file between two marks. */
export function isUntouched(before: FileMark | undefined, after: FileMark | undefined): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    before.real === after.real &&
    before.inode === after.inode &&
    before.size === after.size &&
    before.changedMs === after.changedMs
  );
}

/**
 * Whether a build can make a file that it left untouched: the file is taken away and the build runs once more. make
 * that found everything up to date makes it again; a build that writes somewhere else does not, and then the file is
 * put back.
 * @param again runs the build, true when it went well
 */
export async function isMadeAgain(file: FileMark, again: () => Promise<boolean>): Promise<boolean> {
  const aside = join(dirname(file.real), `.${basename(file.real)}.plugin-gate-aside`);
  renameSync(file.real, aside);
  let made = false;
  try {
    made = (await again()) && statSync(file.real, { throwIfNoEntry: false })?.isFile() === true;
  } finally {
    if (made) {
      rmSync(aside, { force: true });
    } else if (existsSync(aside)) {
      // A build that cleans up with `rm -rf build` takes the file along; then there is nothing to put back.
      renameSync(aside, file.real);
    }
  }
  return made;
}
