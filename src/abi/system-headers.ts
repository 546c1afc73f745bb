/** Headers that a C library has at the top of its include directory (glibc and musl), without `.h`. */
const C_LIBRARY = new Set(
  (
    'aio aliases alloca ar argp argz assert byteswap complex cpio crypt ctype dirent dlfcn elf endian envz err errno error ' +
    'execinfo fcntl features features-time64 fenv float fmtmsg fnmatch fstab fts ftw gconv getopt glob gnu-versions grp ' +
    'gshadow iconv ifaddrs inttypes iso646 langinfo lastlog libgen libintl limits link locale malloc math mcheck memory ' +
    'mntent monetary mqueue netdb nl_types nss obstack paths poll printf proc_service pthread pty pwd re_comp regex ' +
    'regexp resolv sched search semaphore setjmp sgtty shadow signal spawn stab stdalign stdarg stdatomic stdbool ' +
    'stdc-predef stddef stdint stdio stdio_ext stdlib stdnoreturn string strings stropts syscall sysexits syslog tar ' +
    'termio termios tgmath thread_db threads time ttyent uchar ucontext ulimit unistd utime utmp utmpx values wait ' +
    'wchar wctype wordexp'
  ).split(' '),
);

/** Directories below it that belong to the C library, the kernel and the C++ library. */
const DIRECTORIES = new Set(
  'arpa asm asm-generic bits c++ debug ext finclude gnu linux misc mtd net netinet netipx nfs protocols rdma rpc scsi sound sys video xen'.split(
    ' ',
  ),
);

/** Where systems keep them: /usr/include, those of cross compilers (/usr/aarch64-linux-gnu/include), packages of Nix and Guix. */
const INCLUDE =
  /^(?:\/usr(?:\/[^/]+-linux-[^/]+)?|\/(?:nix|gnu)\/store\/[^/]*(?:glibc|musl|linux-headers)[^/]*)\/include\/(?:[^/]+-linux-[^/]+\/)?(.+)$/;

/** Compilers' own: stddef.h, arm_neon.h; and texts such as `<built-in>`. */
const COMPILER = /^\/usr\/(?:local\/)?lib(?:32|64|exec)?\/(?:gcc|gcc-cross|clang|llvm[^/]*)\/|(?:^|\/)</;

/**
 * Whether a file is a header of the C or C++ library, the kernel or the compiler. Headers of other libraries and of
 * hosts are often installed in /usr/include as well, and they are not.
 */
export function isSystemHeader(file: string): boolean {
  if (COMPILER.test(file)) return true;
  const inside = INCLUDE.exec(file)?.[1];
  if (inside === undefined) return false;
  const [first = '', ...rest] = inside.split('/');
  return rest.length > 0 ? DIRECTORIES.has(first) : C_LIBRARY.has(first.replace(/\.h$/, ''));
}
