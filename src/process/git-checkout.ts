import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import { git } from './git-files.ts';

/**
 * Writes the files of a commit into a directory, beside the work tree and without touching its index. Submodules stay
 * empty, as in a checkout without them.
 * @param commit full object id
 * @param directory absolute path of an empty directory
 * @throws EnvironmentError when git cannot do it
 */
export async function checkoutCommit(
  repository: string,
  commit: string,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const index = `${directory}.index`;
  const more = { GIT_INDEX_FILE: index };
  try {
    for (const args of [
      ['read-tree', commit],
      ['checkout-index', '--all', '--quiet', `--prefix=${join(directory, '/')}`],
    ]) {
      const { status } = await git(repository, args, env, 1024 * 1024, more);
      if (status !== 0)
        throw new EnvironmentError(
          `git ${args[0]} of ${commit} failed in ${repository}: the checkout may lack its objects (fetch-depth: 0), or the disk is full.`,
        );
    }
  } finally {
    await rm(index, { force: true });
  }
}
