import { type Dirent, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

const MAX_ENTRIES = 50_000;

/** What compilers write on the way to a library. */
const INTERMEDIATE: ReadonlySet<string> = new Set([
  '.o',
  '.lo',
  '.obj',
  '.gch',
  '.pch',
  '.pcm',
  '.rlib',
  '.rmeta',
  '.bc',
]);
/** Libraries count only when the first build wrote them: others may be part of the source. */
const LIBRARIES: ReadonlySet<string> = new Set(['.a', '.so']);

/**
 * A file below a directory that a first build made and a second one did not make again, so that the second may have
 * used it: object code older than the second start, or a library written between the two starts.
 * @param firstMs start of the first build, milliseconds since 1970
 * @param secondMs start of the second build
 * @returns its path; the directory itself when it holds too many files to look at; undefined when there is none
 */
export function findLeftover(directory: string, firstMs: number, secondMs: number): string | undefined {
  const open = [directory];
  let looked = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of entriesOf(next)) {
      looked += 1;
      if (looked > MAX_ENTRIES) return directory;
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== '.git') open.push(path);
        continue;
      }
      const extension = extname(entry.name);
      const library = LIBRARIES.has(extension);
      if (!entry.isFile() || !(library || INTERMEDIATE.has(extension))) continue;
      const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (written !== undefined && written < secondMs && (!library || written >= firstMs)) return path;
    }
  }
  return undefined;
}

/** Nothing for a directory that vanished or may not be read. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
