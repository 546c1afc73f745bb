import type { ElfHeader } from './model.ts';

/** e_machine values of the gABI registry that plugins are built for; the numbers are fixed for ever. */
export const EM = {
  SPARC: 2,
  I386: 3,
  M68K: 4,
  MIPS: 8,
  PARISC: 15,
  PPC: 20,
  PPC64: 21,
  S390: 22,
  ARM: 40,
  SH: 42,
  SPARCV9: 43,
  IA64: 50,
  X86_64: 62,
  AARCH64: 183,
  RISCV: 243,
  BPF: 247,
  LOONGARCH: 258,
  ALPHA: 0x9026,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  [EM.SPARC]: 'sparc',
  [EM.I386]: 'i386',
  [EM.M68K]: 'm68k',
  [EM.MIPS]: 'mips',
  [EM.PARISC]: 'parisc',
  [EM.PPC]: 'ppc',
  [EM.PPC64]: 'ppc64',
  [EM.ARM]: 'arm',
  [EM.SH]: 'sh',
  [EM.SPARCV9]: 'sparcv9',
  [EM.IA64]: 'ia64',
  [EM.X86_64]: 'x86-64',
  [EM.AARCH64]: 'aarch64',
  [EM.RISCV]: 'riscv',
  [EM.BPF]: 'bpf',
  [EM.LOONGARCH]: 'loongarch',
  [EM.ALPHA]: 'alpha',
};

/** The common name of an e_machine value; EM_S390 covers two machines that the class tells apart. */
export function machineName(code: number, wide: boolean): string {
  if (code === EM.S390) return wide ? 's390x' : 's390';
  return NAMES[code] ?? `em-${code}`;
}

/** Platforms by their Go name, as the configuration's targets use them: machine, class, byte order. */
const PLATFORMS: Readonly<Record<string, readonly [machine: string, elfClass: 32 | 64, endian: 'little' | 'big']>> = {
  'linux/amd64': ['x86-64', 64, 'little'],
  'linux/386': ['i386', 32, 'little'],
  'linux/arm64': ['aarch64', 64, 'little'],
  'linux/arm': ['arm', 32, 'little'],
  'linux/riscv64': ['riscv', 64, 'little'],
  'linux/ppc64le': ['ppc64', 64, 'little'],
  'linux/ppc64': ['ppc64', 64, 'big'],
  'linux/s390x': ['s390x', 64, 'big'],
  'linux/loong64': ['loongarch', 64, 'little'],
  'linux/mips': ['mips', 32, 'big'],
  'linux/mipsle': ['mips', 32, 'little'],
  'linux/mips64': ['mips', 64, 'big'],
  'linux/mips64le': ['mips', 64, 'little'],
};

type Target = Pick<ElfHeader, 'machine' | 'class' | 'endian'>;

/** The platform a file is for, `linux/amd64`; undefined for machines without such a name (x32, m68k, ...). */
export function platformOf(header: Target): string | undefined {
  for (const [platform, [machine, elfClass, endian]] of Object.entries(PLATFORMS)) {
    if (header.machine === machine && header.class === elfClass && header.endian === endian) return platform;
  }
  return undefined;
}

/** Whether `linux/amd64` or `linux/amd64-musl` names a platform that {@link platformOf} can find. */
export function isKnownPlatform(platform: string): boolean {
  return Object.hasOwn(PLATFORMS, barePlatform(platform));
}

/** `linux/amd64-musl` and `linux/arm/v7` without what the ELF header does not tell. */
export function barePlatform(platform: string): string {
  return platform.replace(/-(musl|gnu)$/, '').replace(/^(linux\/arm(?:64)?)\/v\d+$/, '$1');
}

/** Machine, word size and byte order for a person: `aarch64 (64-bit, little-endian)`. */
export function describeMachine(header: Target): string {
  return `${header.machine} (${header.class}-bit, ${header.endian}-endian)`;
}
