/** Reads one register as text. */
type Reader = (value: bigint) => string;

const number: Reader = (value) => String(BigInt.asIntN(64, value));
const int: Reader = (value) => String(BigInt.asIntN(32, value));
const hex: Reader = (value) => `0x${value.toString(16)}`;
const octal: Reader = (value) => `0${value.toString(8)}`;
const directory: Reader = (value) => (BigInt.asIntN(32, value) === -100n ? 'AT_FDCWD' : int(value));

/** A value that has one of these names. */
function named(names: Readonly<Record<string, number>>, otherwise: Reader = number): Reader {
  const byValue = new Map(Object.entries(names).map(([name, value]) => [BigInt(value), name]));
  return (value) => byValue.get(value) ?? otherwise(value);
}

/** Bits that have these names, `A|B|0x40`; `zero` stands for none. */
function flags(names: Readonly<Record<string, number>>, zero = '0'): Reader {
  return (value) => {
    const set = Object.entries(names).filter(([, bit]) => (value & BigInt(bit)) === BigInt(bit));
    const rest = set.reduce((left, [, bit]) => left & ~BigInt(bit), value);
    const words = [...set.map(([name]) => name), ...(rest === 0n ? [] : [hex(rest)])];
    return words.length === 0 ? zero : words.join('|');
  };
}

const size: Reader = (value) => {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = Number(value);
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${units[unit]}`;
};

/** Values of Linux on x86-64 and arm64 (include/uapi/asm-generic); those that differ between the two are left out. */
const PROTECTION = flags({ PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4 }, 'PROT_NONE');
const FAMILY = named({ AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_VSOCK: 40 });
const SOCKET: Reader = (value) => {
  const type = named({ SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_RAW: 3, SOCK_SEQPACKET: 5 })(value & 0xfn);
  const more = flags({ SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000 }, '')(value & ~0xfn);
  return more === '' ? type : `${type}|${more}`;
};
const OPEN: Reader = (value) => {
  const access = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'][Number(value & 3n)] ?? '';
  const more = flags(
    { O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000, O_APPEND: 0o2000, O_NONBLOCK: 0o4000, O_CLOEXEC: 0o2000000 },
    '',
  )(value & ~3n);
  return more === '' ? access : `${access}|${more}`;
};
const CLONE = flags({
  CLONE_VM: 0x100,
  CLONE_FS: 0x200,
  CLONE_FILES: 0x400,
  CLONE_SIGHAND: 0x800,
  CLONE_VFORK: 0x4000,
  CLONE_THREAD: 0x10000,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
});
const SIGNAL = named({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGSTOP: 19,
});
const RESOURCE = named({
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
});
const PRCTL = named({
  PR_SET_PDEATHSIG: 1,
  PR_SET_DUMPABLE: 4,
  PR_SET_KEEPCAPS: 8,
  PR_SET_SECCOMP: 22,
  PR_CAPBSET_DROP: 24,
  PR_SET_MM: 35,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_SET_NO_NEW_PRIVS: 38,
});
const PTRACE = named({
  PTRACE_TRACEME: 0,
  PTRACE_PEEKTEXT: 1,
  PTRACE_POKETEXT: 4,
  PTRACE_ATTACH: 16,
  PTRACE_SEIZE: 0x4206,
});
const MEMFD = flags({ MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2, MFD_HUGETLB: 4, MFD_NOEXEC_SEAL: 8, MFD_EXEC: 16 });
const SECCOMP = named({ SECCOMP_SET_MODE_STRICT: 0, SECCOMP_SET_MODE_FILTER: 1 });
const MAP = flags({
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_NORESERVE: 0x4000,
});

/** The arguments of calls that a person asks about, in their order; paths and addresses are told elsewhere. */
const CALLS: Readonly<Record<string, readonly (readonly [name: string, reader: Reader])[]>> = {
  open: [
    ['path', hex],
    ['flags', OPEN],
    ['mode', octal],
  ],
  openat: [
    ['directory', directory],
    ['path', hex],
    ['flags', OPEN],
    ['mode', octal],
  ],
  socket: [
    ['family', FAMILY],
    ['type', SOCKET],
    ['protocol', int],
  ],
  socketpair: [
    ['family', FAMILY],
    ['type', SOCKET],
    ['protocol', int],
  ],
  mmap: [
    ['address', hex],
    ['length', size],
    ['protection', PROTECTION],
    ['flags', MAP],
    ['descriptor', int],
    ['offset', hex],
  ],
  mprotect: [
    ['address', hex],
    ['length', size],
    ['protection', PROTECTION],
  ],
  clone: [['flags', CLONE]],
  unshare: [['flags', CLONE]],
  setns: [
    ['descriptor', int],
    ['type', CLONE],
  ],
  kill: [
    ['process', int],
    ['signal', SIGNAL],
  ],
  tkill: [
    ['thread', int],
    ['signal', SIGNAL],
  ],
  tgkill: [
    ['process', int],
    ['thread', int],
    ['signal', SIGNAL],
  ],
  ptrace: [
    ['request', PTRACE],
    ['process', int],
    ['address', hex],
    ['data', hex],
  ],
  process_vm_readv: [['process', int]],
  process_vm_writev: [['process', int]],
  prctl: [
    ['option', PRCTL],
    ['first', number],
    ['second', hex],
  ],
  setrlimit: [['resource', RESOURCE]],
  prlimit64: [
    ['process', int],
    ['resource', RESOURCE],
    ['new', hex],
    ['old', hex],
  ],
  memfd_create: [
    ['name', hex],
    ['flags', MEMFD],
  ],
  seccomp: [
    ['operation', SECCOMP],
    ['flags', hex],
  ],
  io_uring_setup: [
    ['entries', int],
    ['parameters', hex],
  ],
  read: [
    ['descriptor', int],
    ['buffer', hex],
    ['length', size],
  ],
  write: [
    ['descriptor', int],
    ['buffer', hex],
    ['length', size],
  ],
  ftruncate: [
    ['descriptor', int],
    ['length', size],
  ],
  fallocate: [
    ['descriptor', int],
    ['mode', hex],
    ['offset', size],
    ['length', size],
  ],
  fcntl: [
    ['descriptor', int],
    ['command', int],
    ['argument', hex],
  ],
  ioctl: [
    ['descriptor', int],
    ['request', hex],
    ['argument', hex],
  ],
  chmod: [
    ['path', hex],
    ['mode', octal],
  ],
  fchmodat: [
    ['directory', directory],
    ['path', hex],
    ['mode', octal],
  ],
  mkdirat: [
    ['directory', directory],
    ['path', hex],
    ['mode', octal],
  ],
  brk: [['address', hex]],
  exit_group: [['code', int]],
};

/** Pointers to what `detail` gives already, or to memory that is gone. */
const POINTERS: ReadonlySet<string> = new Set(['path', 'name', 'buffer', 'parameters', 'old']);

/**
 * The registers of a system call in words: `family=AF_INET, type=SOCK_DGRAM, protocol=0`.
 * @param text six numbers as the loader writes them, `0x2 0x2 0x0 ...`
 * @returns undefined for calls whose registers have no words here
 */
export function callArguments(name: string, text: string | undefined): string | undefined {
  const known = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  if (known === undefined || text === undefined || !/^0x[0-9a-f]{1,16}( 0x[0-9a-f]{1,16}){5}$/.test(text))
    return undefined;
  const values = text.split(' ').map((word) => BigInt(word));
  const isCreating = (values[name === 'open' ? 1 : 2] ?? 0n) & 0o100n;
  return known
    .map(([label, reader], index) => [label, reader(values[index] ?? 0n)] as const)
    .filter(([label]) => !POINTERS.has(label))
    .filter(([label]) => label !== 'mode' || !name.startsWith('open') || isCreating !== 0n)
    .map(([label, value]) => `${label}=${value}`)
    .join(', ');
}
