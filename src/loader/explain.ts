/** Why dlopen refused a plugin, in words for the person who must act. */
export interface Explanation {
  /** One sentence without the plugin's name at its beginning. */
  readonly cause: string;
  /** What it is about: a symbol, a library, a version. */
  readonly subject?: string;
  readonly symbol?: string;
  readonly fix?: string;
}

type Explainer = (match: readonly string[]) => Explanation;

/** Texts of glibc (elf/dl-load.c, dl-lookup.c, dl-version.c, dl-open.c; the same since 2.17) and musl (ldso/dynlink.c). */
const EXPLANATIONS: readonly (readonly [RegExp, Explainer])[] = [
  [
    /undefined symbol: (\S+?)(?:, version (\S+))?(?:\s+\(.*\))?$/,
    ([, name = '', version]) => ({
      cause: `The symbol ${name}${version === undefined ? '' : ` of version ${version}`} is not defined by the plugin or any library that it needs.`,
      subject: name,
      symbol: name,
      fix: 'Link the library that defines it (so that it is listed in DT_NEEDED). If the host itself provides it, as nginx and PostgreSQL do for their modules, the plugin cannot be loaded without that host: check it with `plugin-gate fit HOST PLUGIN`.',
    }),
  ],
  [
    /Error relocating .*?: (\S+): symbol not found$/,
    ([, name = '']) => ({
      cause: `The symbol ${name} is not defined by the plugin or any library that it needs.`,
      subject: name,
      symbol: name,
      fix: 'Link the library that defines it, or check the plugin with its host if that provides it: `plugin-gate fit HOST PLUGIN`.',
    }),
  ],
  [
    /(?:^|\/)([^/:]+): version `(.+?)' not found \(required by (.+?)\)/,
    ([, library = '', version = '', by = '']) => ({
      cause: `${nameOf(by)} needs version ${version} of ${library}, and the ${library} of this system does not have it.`,
      subject: version,
      fix: 'Build on (or in a container or sysroot of) the oldest system that you support.',
    }),
  ],
  [
    /version `?(\S+?)'? not defined in file (\S+) with link time reference/,
    ([, version = '', library = '']) => ({
      cause: `The plugin was linked against another ${library}: this one has no symbol of version ${version}.`,
      subject: library,
      fix: `Link the plugin against the ${library} that it will run with.`,
    }),
  ],
  [
    /(?:Error loading shared library )?([^\s:]+): (?:cannot open shared object file: )?No such file or directory/,
    ([, library = '']) => ({
      cause: `The library ${nameOf(library)}, which the plugin or one of its libraries needs, was not found on this system.`,
      subject: nameOf(library),
      fix: 'Install the package with the library, ship the library beside the plugin with a RUNPATH of $ORIGIN, or link it statically.',
    }),
  ],
  [
    /(\S+): wrong ELF class: (ELFCLASS\d+)/,
    ([, file = '', elfClass = '']) => ({
      cause: `${nameOf(file)} is ${elfClass === 'ELFCLASS32' ? 'a 32-bit' : 'a 64-bit'} file and cannot be loaded into this process.`,
      subject: nameOf(file),
      fix: 'Build the plugin and all its libraries for the same architecture and word size.',
    }),
  ],
  [
    /cannot allocate memory in static TLS block/,
    () => ({
      cause:
        'Its thread-local variables use the initial-exec model and do not fit into the reserve that the C library keeps for plugins.',
      fix: 'Compile without -ftls-model=initial-exec, or make the thread-local variables smaller. As a stopgap, start the host with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=SIZE.',
    }),
  ],
  [
    /cannot enable executable stack|executable stack/,
    () => ({
      cause: 'It asks for an executable stack, and this system refuses that.',
      fix: 'Add `.section .note.GNU-stack,"",%progbits` to assembler files, avoid nested functions in C, and link with -Wl,-z,noexecstack.',
    }),
  ],
  [
    /shared object cannot be dlopen\(\)ed/,
    () => ({
      cause: 'It is linked with -z nodlopen (DF_1_NOOPEN), which forbids dlopen.',
      fix: 'Link without -Wl,-z,nodlopen.',
    }),
  ],
  [
    /cannot dynamically load (?:position-independent )?executable|only ET_DYN/,
    () => ({ cause: 'It is a program, not a shared library.', fix: 'Link with -shared instead of -pie.' }),
  ],
  [
    /cannot load any more object with static TLS/,
    () => ({
      cause: 'There is no room left for its thread-local variables.',
      fix: 'Compile without -ftls-model=initial-exec.',
    }),
  ],
  [
    /cannot (?:allocate|map)|failed to map segment|Cannot allocate memory/,
    () => ({
      cause: 'Its segments cannot be mapped into memory.',
      fix: 'Look at the program headers with `readelf -lW`: the sizes are beyond the limit of the loader, or the file is damaged.',
    }),
  ],
  [
    /invalid ELF header|file too short|ELF load command|object file has no|ELF file (?:version|OS ABI|ABI version|data encoding)|unexpected (?:reloc|PLT reloc)|unsupported|Exec format error|Not a valid dynamic program/,
    () => ({
      cause: 'It is damaged, or not made for this system.',
      fix: 'Build it again and check it with `readelf -aW`.',
    }),
  ],
];

/**
 * Explains the text of dlerror. What is not known is given as it is.
 * @param error text of dlerror, with the plugin named as the caller names it
 */
export function explain(error: string): Explanation {
  for (const [pattern, explainer] of EXPLANATIONS) {
    const match = pattern.exec(error);
    if (match !== null) return explainer(match);
  }
  return { cause: error === '' ? 'The dynamic loader gave no reason.' : error };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const CHECKS: Readonly<Record<string, string>> = {
  unreadable: 'The file cannot be read.',
  'not-elf': 'It is not an ELF file.',
  class: 'It is not a 64-bit file.',
  endian: 'Its byte order is not that of this machine.',
  machine: 'It is made for another processor.',
  type: 'It is not a shared library (e_type is not ET_DYN).',
  truncated: 'It is shorter than its program headers say: mapping it would crash the host with SIGBUS.',
  malformed: 'Its program headers contradict each other or lack what a shared library needs.',
};

/** What is wrong with a file that was not even given to dlopen (native/loader/check.h). */
export function explainCheck(problem: string): string {
  return CHECKS[problem] ?? `It did not pass the check before loading (${problem}).`;
}
