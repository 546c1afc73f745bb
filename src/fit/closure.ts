import type { Asker, FindLibrary, LoadableFile } from './model.ts';

/** A library that could not be found, and who needs it. */
export interface MissingLibrary {
  readonly name: string;
  readonly neededBy: LoadableFile;
}

/** Files of a process in the order in which symbols are looked up. */
export interface Closure {
  /** Files that this closure adds, the root first. */
  readonly files: readonly LoadableFile[];
  readonly missing: readonly MissingLibrary[];
  /** By the names under which they are known: DT_NEEDED name and soname. Holds those of `before` too. */
  readonly byName: ReadonlyMap<string, LoadableFile>;
}

/** No real program comes near; a hostile one must not make us read the disk for ever. */
const MOST_FILES = 2000;
const MOST_LOOKUPS = 10_000;

/**
 * Everything that a file brings with it, breadth first, as the dynamic loader maps it (glibc elf/dl-deps.c). A library
 * that is loaded already, by name or soname, is not loaded again.
 * @param root what is loaded
 * @param loaders who loads it, for RPATH
 * @param before names that are in the process already
 */
export function closureOf(
  root: LoadableFile,
  find: FindLibrary,
  loaders: readonly LoadableFile[] = [],
  before: ReadonlyMap<string, LoadableFile> = new Map(),
): Closure {
  const byName = new Map(before);
  const files: LoadableFile[] = [root];
  const missing = new Map<string, MissingLibrary>();
  let lookups = 0;
  const known = new Set([...before.values()].map(({ file }) => file));
  known.add(root.file);
  if (root.image.dynamic.soname !== undefined) byName.set(root.image.dynamic.soname, root);
  const queue: Asker[] = [{ file: root, loaders }];
  for (let asker = queue.shift(); asker !== undefined; asker = queue.shift()) {
    for (const name of asker.file.image.dynamic.needed) {
      if (byName.has(name) || missing.has(name)) continue;
      lookups += 1;
      const found = files.length < MOST_FILES && lookups <= MOST_LOOKUPS ? find(name, asker) : undefined;
      if (found === undefined) {
        missing.set(name, { name, neededBy: asker.file });
        continue;
      }
      byName.set(name, found);
      const { soname } = found.image.dynamic;
      if (soname !== undefined && !byName.has(soname)) byName.set(soname, found);
      if (known.has(found.file)) continue;
      known.add(found.file);
      files.push(found);
      queue.push({ file: found, loaders: [asker.file, ...asker.loaders] });
    }
  }
  return { files, missing: [...missing.values()], byName };
}
