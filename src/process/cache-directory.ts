import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CacheDirectory {
  readonly directory: string;
  /** False when it is for this run only, and to be removed after it. */
  readonly kept: boolean;
}

/**
 * A directory for temporary files that other runs find again and nobody but this user can write to. Where its place is
 * taken by somebody else, one for this run only.
 * @param purpose part of its name, such as `gohost`
 */
export function cacheDirectory(purpose: string): CacheDirectory {
  const user = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `plugin-gate-${purpose}-${user}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made; what it is gets checked.
  }
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true && stat.uid === user && (stat.mode & 0o077) === 0) return { directory, kept: true };
  return { directory: mkdtempSync(join(tmpdir(), `plugin-gate-${purpose}-`)), kept: false };
}
