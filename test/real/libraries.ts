import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ElfImage } from '../../src/elf/model.ts';
import { readElf } from '../../src/elf/read.ts';

/** The C and C++ run time, which every machine has. */
const RUNTIME = /^(ld-linux.*|lib(c|m|dl|pthread|rt|mvec|resolv|util|gcc_s|stdc\+\+))\.so\b/;

export function imageOf(file: string): ElfImage {
  const { image } = readElf(readFileSync(file));
  if (image === undefined) throw new Error(`${file} is no ELF file.`);
  return image;
}

/** The libraries that a plugin brings along, found in directories, and the names of those that are not there. */
export interface Needed {
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/** Follows what a file needs, and what that needs. The C and C++ run time is not told. */
export function neededBy(image: ElfImage, directories: readonly string[]): Needed {
  const found = new Set<string>();
  const missing = new Set<string>();
  const waiting = [image];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const name of next.dynamic.needed) {
      if (RUNTIME.test(name)) continue;
      const file = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
      if (file === undefined) missing.add(name);
      else if (!found.has(file)) {
        found.add(file);
        waiting.push(imageOf(file));
      }
    }
  }
  return { found: [...found], missing: [...missing].sort() };
}
