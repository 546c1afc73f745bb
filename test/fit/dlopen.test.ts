import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import type { ElfImage } from '../../src/elf/model.ts';
import { readElf } from '../../src/elf/read.ts';
import { libraryFinder } from '../../src/fit/library-files.ts';
import type { Fit, LoadableFile } from '../../src/fit/model.ts';
import { fitPlugin, fitPlugins } from '../../src/fit/plugin.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';

const HOST = `
#include <dlfcn.h>
#include <stdio.h>
int host_log(const char *text) { return text != 0; }
int host_table[4];
int main(int count, char **names) {
  for (int i = 1; i < count; i++) {
    if (!dlopen(names[i], RTLD_NOW | RTLD_LOCAL)) {
      fprintf(stderr, "%s\\n", dlerror());
      return 1;
    }
  }
  return 0;
}`;

const PLUGIN = 'int run(void) { return 1; }';
const LOGS = 'int host_log(const char *); int run(void) { return host_log("x"); }';
const USES_DEP = 'int dep(void); int run(void) { return dep(); }';
const tls = (size: number) =>
  `static __thread char room[${size}] __attribute__((tls_model("initial-exec")));
char *run(void) { return room; }`;

interface Variant {
  readonly about: string;
  readonly source: string;
  /** Flags; @ stands for the directory of the variant. */
  readonly flags?: readonly string[];
  /** Libraries built first, into the directory of the variant: name, source, flags. */
  readonly libraries?: readonly (readonly [name: string, source: string, flags?: readonly string[]])[];
  /** Libraries that replace those after the plugin was linked. */
  readonly later?: readonly (readonly [name: string, source: string, flags?: readonly string[]])[];
  readonly remove?: string;
  readonly host?: 'bare' | 'linked';
  readonly rules: readonly string[];
  /** What we say; dlopen must agree unless it is undecided. */
  readonly loads: Fit['loads'];
}

const map = (text: string): string => `map:${text}`;
const V1 = map('V1 { global: dep; other; local: *; };');
const BESIDE = ['-L@', '-ldep', '-Wl,--enable-new-dtags,-rpath,$ORIGIN'];

const VARIANTS: readonly Variant[] = [
  { about: 'a plugin that needs nothing', source: PLUGIN, loads: true, rules: [] },
  { about: 'a function of the host', source: LOGS, loads: true, rules: [] },
  {
    about: 'a variable of the host',
    source: 'extern int host_table[4]; int run(void) { return host_table[1]; }',
    loads: true,
    rules: [],
  },
  {
    about: 'a function that the host does not have',
    source: 'int host_tell(void); int run(void) { return host_tell(); }',
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'a variable that the host does not have',
    source: 'extern int host_levels; int *run(void) { return &host_levels; }',
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'an optional function that the host does not have',
    source: '__attribute__((weak)) int host_tell(void); int run(void) { return host_tell ? host_tell() : 0; }',
    loads: true,
    rules: [],
  },
  {
    about: 'a host that exports nothing',
    source: LOGS,
    host: 'bare',
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'a host that gets the function from a library of its own',
    source: 'int shared_helper(void); int run(void) { return shared_helper(); }',
    host: 'linked',
    loads: true,
    rules: [],
  },
  {
    about: 'a library beside the plugin, found by RUNPATH',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }']],
    flags: BESIDE,
    loads: true,
    rules: [],
  },
  {
    about: 'a library that is nowhere',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }']],
    flags: ['-L@', '-ldep'],
    loads: 'undecided',
    rules: ['fit/library-missing', 'fit/symbol-undecided'],
  },
  {
    about: 'a library that was deleted, of which nothing but a weak symbol is used',
    source: '__attribute__((weak)) int dep(void); int run(void) { return dep ? dep() : 0; }',
    libraries: [['libdep.so', 'int dep(void) { return 1; }']],
    flags: ['-Wl,--no-as-needed', ...BESIDE],
    remove: 'libdep.so',
    loads: 'undecided',
    rules: ['fit/library-missing'],
  },
  {
    about: 'a library that lost the function',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }']],
    later: [['libdep.so', 'int other(void) { return 1; }']],
    flags: BESIDE,
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'a library that lost the version',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }', [V1]]],
    later: [['libdep.so', 'int dep(void) { return 1; }', [map('V2 { global: dep; local: *; };')]]],
    flags: BESIDE,
    loads: false,
    rules: ['fit/version-missing'],
  },
  {
    about: 'a library that lost the symbol under the version',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; } int other(void) { return 2; }', [V1]]],
    later: [
      [
        'libdep.so',
        'int dep(void) { return 1; } int other(void) { return 2; }',
        [map('V1 { global: other; local: *; }; V2 { global: dep; };')],
      ],
    ],
    flags: BESIDE,
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'a library that lost all versions',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }', [V1]]],
    later: [['libdep.so', 'int dep(void) { return 1; }', ['-Wl,-soname,libdep.so']]],
    flags: BESIDE,
    loads: false,
    rules: ['fit/version-missing'],
  },
  {
    about: 'a library that got versions',
    source: USES_DEP,
    libraries: [['libdep.so', 'int dep(void) { return 1; }']],
    later: [['libdep.so', 'int dep(void) { return 1; }', [V1]]],
    flags: BESIDE,
    loads: true,
    rules: [],
  },
  {
    about: 'a library of the library, by the RPATH of the plugin',
    source: USES_DEP,
    libraries: [
      ['libdeep.so', 'int deep(void) { return 1; }'],
      ['libdep.so', 'int deep(void); int dep(void) { return deep(); }', ['-L@', '-ldeep']],
    ],
    flags: ['-L@', '-ldep', '-Wl,--disable-new-dtags,-rpath,$ORIGIN', '-Wl,--allow-shlib-undefined'],
    loads: true,
    rules: [],
  },
  {
    about: 'a library of the library, for which the RUNPATH of the plugin does not count',
    source: USES_DEP,
    libraries: [
      ['libdeep.so', 'int deep(void) { return 1; }'],
      ['libdep.so', 'int deep(void); int dep(void) { return deep(); }', ['-L@', '-ldeep']],
    ],
    flags: [...BESIDE, '-Wl,--allow-shlib-undefined'],
    loads: 'undecided',
    rules: ['fit/library-missing', 'fit/symbol-undecided'],
  },
  {
    about: 'a library that itself misses a symbol',
    source: USES_DEP,
    libraries: [['libdep.so', 'int nobody_has(void); int dep(void) { return nobody_has(); }']],
    flags: [...BESIDE, '-Wl,--allow-shlib-undefined'],
    loads: false,
    rules: ['fit/symbol-missing'],
  },
  {
    about: 'a position-independent executable',
    source: `${PLUGIN} int main(void) { return 0; }`,
    flags: ['-pie'],
    loads: false,
    rules: ['fit/not-loadable'],
  },
  {
    about: 'a file marked as not to be opened',
    source: PLUGIN,
    flags: ['-Wl,-z,nodlopen'],
    loads: false,
    rules: ['fit/not-loadable'],
  },
  { about: 'a little static TLS', source: tls(512), loads: true, rules: [] },
  { about: 'too much static TLS', source: tls(4096), loads: false, rules: ['fit/static-tls'] },
  { about: 'static TLS at the border', source: tls(1720), loads: 'undecided', rules: ['fit/static-tls'] },
  {
    about: 'a lot of dynamic TLS',
    source: '__thread char room[65536]; char *run(void) { return room; }',
    loads: true,
    rules: [],
  },
  {
    about: 'a function of the C++ library',
    source: 'void *_Znwm(unsigned long); void *run(void) { return _Znwm(8); }',
    flags: ['-lstdc++'],
    loads: true,
    rules: [],
  },
  {
    about: 'a file for 32 bits',
    source: PLUGIN,
    flags: ['-m32', '-nostdlib'],
    loads: false,
    rules: ['fit/machine'],
  },
];

function image(file: string): ElfImage {
  const { image: found } = readElf(readFileSync(file));
  if (found === undefined) throw new Error(`${file} could not be read`);
  return found;
}

function cc(args: readonly string[]): void {
  execFileSync('cc', ['-w', ...args], { stdio: 'pipe' });
}

function build(directory: string, name: string, source: string, flags: readonly string[] = []): string {
  const file = join(directory, name);
  writeFileSync(`${file}.c`, source);
  const own = flags.map((flag) => {
    if (!flag.startsWith('map:')) return flag.replaceAll('@', directory);
    writeFileSync(`${file}.map`, flag.slice(4));
    return `-Wl,--version-script=${file}.map`;
  });
  const kind = own.includes('-pie') ? [] : ['-shared'];
  cc([...kind, '-fPIC', '-o', file, `${file}.c`, ...own]);
  return file;
}

describeWith(['cc'], 'the answer of fit and that of dlopen', () => {
  const directory = workspace();
  const hosts = new Map<string, LoadableFile>();

  beforeAll(() => {
    const source = join(directory, 'host.c');
    writeFileSync(source, HOST);
    build(directory, 'libshared.so', 'int shared_helper(void) { return 1; }', ['-Wl,-soname,libshared.so']);
    const kinds = {
      full: ['-rdynamic'],
      bare: [],
      linked: ['-rdynamic', '-Wl,--no-as-needed', `-L${directory}`, '-lshared', '-Wl,-rpath,$ORIGIN'],
    };
    for (const [kind, flags] of Object.entries(kinds)) {
      const file = join(directory, `host-${kind}`);
      cc(['-o', file, source, ...flags, '-ldl']);
      hosts.set(kind, { file, image: image(file) });
    }
  });

  const dlopens = (host: LoadableFile, files: readonly string[]): boolean =>
    spawnSync(host.file, files, { env: {}, timeout: 10_000 }).status === 0;

  const hostOf = (kind: string): LoadableFile => {
    const host = hosts.get(kind);
    if (host === undefined) throw new Error(`no host ${kind}`);
    return host;
  };

  const variants: [string, Variant][] = VARIANTS.filter(
    ({ flags }) => process.arch === 'x64' || flags?.includes('-m32') !== true,
  ).map((variant, index) => [`${index + 1} ${variant.about}`, variant]);

  it.each(variants)('%s', (title, variant) => {
    const own = join(directory, title.replace(/ .*/, ''));
    mkdirSync(own);
    for (const [name, source, flags = []] of variant.libraries ?? []) {
      build(own, name, source, [`-Wl,-soname,${name}`, ...flags]);
    }
    const file = build(own, 'plugin.so', variant.source, variant.flags);
    for (const [name, source, flags = []] of variant.later ?? [])
      build(own, name, source, [`-Wl,-soname,${name}`, ...flags]);
    if (variant.remove !== undefined) execFileSync('rm', [join(own, variant.remove)]);
    const host = hostOf(variant.host ?? 'full');
    const fit = fitPlugin(host, { file, image: image(file) }, { find: libraryFinder(host.image) });
    expect({ loads: fit.loads, rules: [...new Set(fit.reasons.map(({ rule }) => rule))] }).toEqual({
      loads: variant.loads,
      rules: variant.rules,
    });
    if (fit.loads !== 'undecided') expect(dlopens(host, [file])).toBe(fit.loads);
  });

  it('adds up the static TLS of all plugins of a host', () => {
    const host = hostOf('full');
    const files = [1, 2, 3, 4].map((number) => build(directory, `tls${number}.so`, tls(512)));
    const fits = fitPlugins(
      host,
      files.map((file) => ({ file, image: image(file) })),
      { find: libraryFinder(host.image) },
    );
    expect(fits.map(({ reasons }) => reasons.map(({ rule }) => rule))).toEqual([[], [], [], ['fit/static-tls-shared']]);
    expect(fits.map(({ loads }) => loads)).toEqual([true, true, true, false]);
    expect(dlopens(host, files.slice(0, 3))).toBe(true);
    expect(dlopens(host, files)).toBe(false);
  });

  it('takes the C library of an unknown host for started with it', () => {
    // Its own thread-local storage would not fit beside this.
    const source = `#include <stdlib.h>\n${tls(1600)}\nvoid *more(void) { return malloc(8); }`;
    const file = build(directory, 'needs-libc.so', source, ['-Wl,--no-as-needed', '-lc']);
    const host = hostOf('full');
    const fit = fitPlugin(undefined, { file, image: image(file) }, { find: libraryFinder(host.image) });
    expect(fit.reasons).toEqual([]);
    expect(dlopens(host, [file])).toBe(true);
  });

  it('leaves open what lies between the reserve and twice its slack, and goes on behind what was refused', () => {
    const host = hostOf('full');
    const sizes = [416, 416, 416, 400, 1000, 8, 128];
    const files = sizes.map((size, number) => build(directory, `slack${number}.so`, tls(size)));
    const fits = fitPlugins(
      host,
      files.map((file) => ({ file, image: image(file) })),
      { find: libraryFinder(host.image) },
    );
    expect(fits.map(({ loads }) => loads)).toEqual([true, true, true, true, false, true, 'undecided']);
    expect(dlopens(host, files.slice(0, 4))).toBe(true);
    expect(dlopens(host, files.slice(0, 5))).toBe(false);
  });

  it('leaves symbols of an unknown host undecided, and nothing else', () => {
    const needs = build(directory, 'needs-host.so', LOGS);
    const plain = build(directory, 'plain.so', PLUGIN);
    const answer = (file: string): Fit =>
      fitPlugin(undefined, { file, image: image(file) }, { find: libraryFinder(image(file)) });
    expect(answer(needs)).toMatchObject({
      loads: 'undecided',
      reasons: [{ rule: 'fit/host-unknown', symbol: 'host_log' }],
    });
    expect(answer(plain)).toEqual({ loads: true, reasons: [] });
  });
});
