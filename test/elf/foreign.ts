import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A machine that clang compiles for and LLVM's linker links for. */
export interface Foreign {
  readonly triple: string;
  readonly platform: string | undefined;
  readonly machine: string;
  readonly class: 32 | 64;
  readonly endian: 'little' | 'big';
  /** GNU linker, where LLVM's does not know the machine. */
  readonly linker?: string;
}

export const FOREIGN: readonly Foreign[] = [
  { triple: 'i386-linux-gnu', platform: 'linux/386', machine: 'i386', class: 32, endian: 'little' },
  { triple: 'armv7-linux-gnueabihf', platform: 'linux/arm', machine: 'arm', class: 32, endian: 'little' },
  { triple: 'aarch64-linux-gnu', platform: 'linux/arm64', machine: 'aarch64', class: 64, endian: 'little' },
  { triple: 'riscv64-linux-gnu', platform: 'linux/riscv64', machine: 'riscv', class: 64, endian: 'little' },
  { triple: 'powerpc-linux-gnu', platform: undefined, machine: 'ppc', class: 32, endian: 'big' },
  { triple: 'powerpc64-linux-gnu', platform: 'linux/ppc64', machine: 'ppc64', class: 64, endian: 'big' },
  { triple: 'powerpc64le-linux-gnu', platform: 'linux/ppc64le', machine: 'ppc64', class: 64, endian: 'little' },
  { triple: 'mips-linux-gnu', platform: 'linux/mips', machine: 'mips', class: 32, endian: 'big' },
  { triple: 'mips64el-linux-gnuabi64', platform: 'linux/mips64le', machine: 'mips', class: 64, endian: 'little' },
  {
    triple: 's390x-linux-gnu',
    platform: 'linux/s390x',
    machine: 's390x',
    class: 64,
    endian: 'big',
    linker: 's390x-linux-gnu-ld',
  },
];

const SOURCE = `
__thread int general = 1;
static __thread int own __attribute__((tls_model("local-dynamic")));
extern __thread int early __attribute__((tls_model("initial-exec")));
extern int imported(int);
extern int imported_data;
int *pointer = &imported_data;
int data[3] = {1, 2, 3};
static int hidden[3] = {4, 5, 6};
int *inside = &hidden[1];
int old_greet(int x) { return imported(x) + own++; }
int new_greet(int x) { return imported(x + early) + general; }
__asm__(".symver old_greet, greet@PLUG_1");
__asm__(".symver new_greet, greet@@@PLUG_2");
__attribute__((weak)) int maybe(void) { return 1; }
__attribute__((visibility("protected"))) int kept(void) { return 2; }
__attribute__((constructor)) static void start(void) { data[0] = 4; hidden[0] = *inside; }
`;

const NEEDED = '__thread int early; int imported_data = 1; int imported(int x) { return x; }';

/**
 * Builds a plugin with two versions of a symbol, a needed library with versions, TLS and data relocations.
 * @returns paths of the plugin and of the library that it needs
 */
export function buildForeign(
  directory: string,
  { triple, machine, linker }: Foreign,
): { plugin: string; library: string } {
  const path = (name: string): string => join(directory, `${triple}-${name}`);
  const run = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { stdio: 'pipe', env: { ...process.env, LC_ALL: 'C' } });
  };
  writeFileSync(path('plugin.c'), SOURCE);
  writeFileSync(path('needed.c'), NEEDED);
  writeFileSync(
    path('plugin.map'),
    'PLUG_1 { global: greet; general; pointer; inside; data; maybe; kept; local: *; }; PLUG_2 { global: greet; } PLUG_1;',
  );
  writeFileSync(path('needed.map'), 'NEED_1.0 { global: *; };');
  const flags = [`--target=${triple}`, '-c', '-fPIC', '-O1', '-fno-asynchronous-unwind-tables', '-Wno-everything'];
  run('clang', ...flags, '-o', path('plugin.o'), path('plugin.c'));
  run('clang', ...flags, '-o', path('needed.o'), path('needed.c'));
  const link = (output: string, input: string, script: string, ...more: string[]): void =>
    run(
      linker ?? 'ld.lld',
      '-shared',
      // The linker refuses DT_GNU_HASH for MIPS, whose symbol table has an order of its own.
      `--hash-style=${machine === 'mips' ? 'sysv' : 'both'}`,
      '--build-id=sha1',
      `--version-script=${script}`,
      '-o',
      output,
      input,
      ...more,
    );
  link(path('libneeded.so'), path('needed.o'), path('needed.map'), '-soname', 'libneeded.so.1');
  link(
    path('plugin.so'),
    path('plugin.o'),
    path('plugin.map'),
    path('libneeded.so'),
    '-soname',
    'plugin.so',
    '-rpath',
    '$ORIGIN/lib',
    '--enable-new-dtags',
  );
  return { plugin: path('plugin.so'), library: path('libneeded.so') };
}
