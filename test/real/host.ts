import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ElfImage } from '../../src/elf/model.ts';
import { imageOf } from './libraries.ts';

/** Symbols that the compiler and the dynamic linker leave undefined in every library. */
const NOBODYS = /^(_ITM_|__gmon_start__|__cxa_finalize)/;

/**
 * Names that a plugin takes from its host: undefined without a version, and not in the libraries that it needs. (What it takes
 * from the C library has a version.)
 */
export function takenFromHost(image: ElfImage, libraries: readonly string[]): readonly string[] {
  const given = new Set(libraries.flatMap((file) => imageOf(file).symbols.map(({ name }) => name)));
  return image.undefined
    .filter(({ version, binding }) => version === undefined && binding !== 'weak')
    .map(({ name }) => name)
    .filter((name) => !NOBODYS.test(name) && !given.has(name) && /^\w+$/.test(name));
}

/**
 * A library that has all these names, each as 4096 zero bytes: a plugin finds its host's variables in it, and the addresses of
 * its host's functions, which it does not call before the host calls it.
 */
export function makeHost(directory: string, names: readonly string[]): string {
  const source = join(directory, 'host.s');
  const output = join(directory, 'libhost.so');
  const lines = [...new Set(names)].map(
    (name) => `.globl ${name}\n.type ${name}, %object\n.size ${name}, 4096\n${name}: .zero 4096`,
  );
  writeFileSync(source, `.section .bss\n.balign 64\n${lines.join('\n')}\n.section .note.GNU-stack,"",%progbits\n`);
  execFileSync('cc', ['-shared', '-nostdlib', '-o', output, source], { stdio: 'pipe' });
  return output;
}
