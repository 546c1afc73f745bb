import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInside } from '../artifact/read.ts';
import { UsageError } from '../errors.ts';

/**
 * A directory for report files that lies in the repository must do so really: a change could have put a link in its place,
 * and files elsewhere on the machine would be written over. A directory that was named outside is taken as it is.
 * @param directory absolute; need not exist
 * @param repository absolute
 * @throws UsageError when a link leads out of the repository
 */
export function refuseLinkOut(directory: string, repository: string): void {
  if (!isInside(repository, directory)) return;
  let existing = directory;
  const rest: string[] = [];
  while (!existsSync(existing) && dirname(existing) !== existing) {
    rest.unshift(basename(existing));
    existing = dirname(existing);
  }
  const real = join(realpathSync(existing), ...rest);
  if (isInside(realpathSync(repository), real)) return;
  throw new UsageError(
    `The reports would be written out of the repository, to ${real}: a symbolic link stands on the way to ${directory}. Remove the link, or name another directory (report.directory).`,
  );
}
