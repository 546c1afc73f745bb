/** Prefixes of Debian's cross compilers by Go's name of the architecture: `<triple>-gcc`. */
const GNU_TRIPLES: Readonly<Record<string, string>> = {
  amd64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  '386': 'i686-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  ppc64: 'powerpc64-linux-gnu',
  ppc64le: 'powerpc64le-linux-gnu',
  s390x: 's390x-linux-gnu',
  loong64: 'loongarch64-linux-gnu',
};

export interface CrossCompiler {
  readonly cc: string;
  readonly cxx: string;
  /** Debian packages that bring them. */
  readonly packages: readonly string[];
}

/**
 * The compilers for a target that is not the machine's own, by the names that Debian and Ubuntu give them.
 * @param target such as `linux/arm64`
 * @returns undefined when no such compiler is known
 */
export function crossCompiler(target: string): CrossCompiler | undefined {
  const triple = GNU_TRIPLES[target.split('/')[1] ?? ''];
  if (triple === undefined) return undefined;
  const suffix = triple.replaceAll('_', '-');
  return { cc: `${triple}-gcc`, cxx: `${triple}-g++`, packages: [`gcc-${suffix}`, `g++-${suffix}`] };
}
