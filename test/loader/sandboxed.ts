/** What the sandbox is tried on: calls that each profile must allow, and calls that it must deny. C sources. */
export const HEAD = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static int result(long value) { return value < 0 ? errno : 0; }
static char page[4096] __attribute__((aligned(4096)));
static int duplicate;
`;

/** Each returns 0 when the call ran, else the error number. */
export const STRICT = `${HEAD}
__attribute__((constructor)) static void begin(void) { duplicate = dup(1); page[0] = 1; }
int do_read(void) { char byte; return result(syscall(SYS_read, 0, &byte, 1)); }
int do_write(void) { return result(syscall(SYS_write, 1, "out", 3)); }
int do_write_error(void) { return result(syscall(SYS_write, 2, "err", 3)); }
int do_clock_gettime(void) { struct timespec now; return result(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now)); }
int do_exit_group(void) { syscall(SYS_exit_group, 41); return 0; }
int do_write_other(void) { return result(syscall(SYS_write, duplicate, "x", 1)); }
int do_read_other(void) { char byte; return result(syscall(SYS_read, duplicate, &byte, 1)); }
int do_openat(void) { return result(syscall(SYS_openat, AT_FDCWD, "/etc/ld.so.cache", O_RDONLY)); }
int do_mmap(void) { return result(syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
int do_mprotect(void) { return result(syscall(SYS_mprotect, page, 4096, PROT_READ)); }
int do_execve(void) { char *words[] = {"true", 0}; return result(syscall(SYS_execve, "/bin/true", words, words + 1)); }
int do_socket(void) { return result(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)); }
int do_clone(void) { return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
int do_sendmsg(void) { struct msghdr message = {0}; return result(syscall(SYS_sendmsg, 1, &message, 0, 0, 0, 0)); }
int do_prctl(void) { return result(syscall(SYS_prctl, PR_SET_NAME, "x")); }`;

export const ALLOWED = ['read', 'write', 'write_error', 'clock_gettime'];
export const FORBIDDEN = ['openat', 'mmap', 'mprotect', 'execve', 'socket', 'clone', 'sendmsg', 'prctl'];
export const FORBIDDEN_DESCRIPTORS = ['write', 'read'];

/** What a constructor tries, and what the finding must name. */
export const REFUSED: readonly (readonly [string, string, string])[] = [
  ['opens /etc/shadow', 'open("/etc/shadow", O_RDONLY);', 'openat /etc/shadow'],
  ['climbs to it', 'open("/usr/lib/../../etc/shadow", O_RDONLY);', 'openat /usr/lib/../../etc/shadow'],
  ['takes the way of /proc', 'open("/proc/self/root/etc/shadow", O_RDONLY);', 'openat /proc/self/root/etc/shadow'],
  ['reads the memory of others', 'open("/proc/1/environ", O_RDONLY);', 'openat /proc/1/environ'],
  ['writes a file', 'open("/tmp/plugin-gate-written", O_CREAT | O_WRONLY, 0600);', 'openat /tmp/plugin-gate-written'],
  ['fills the disk', 'open("big", O_CREAT | O_RDWR, 0600);', 'openat big'],
  ['removes a file', 'unlink("/tmp/plugin-gate-removed");', 'unlink /tmp/plugin-gate-removed'],
  ['renames a file', 'rename("a", "b");', 'rename a'],
  ['sends packets', 'socket(AF_INET, SOCK_DGRAM, 0);', 'socket inet'],
  ['speaks to local services', 'socket(AF_UNIX, SOCK_STREAM, 0);', 'socket unix'],
  ['forks', 'if (fork() == 0) _exit(0);', 'clone process'],
  ['runs a program', 'char *w[] = {"true", 0}; execve("/bin/true", w, w + 1);', 'execve /bin/true'],
  ['uses io_uring', 'syscall(425, 8, page);', 'io_uring_setup'],
  ['makes a memfd', 'syscall(SYS_memfd_create, "code", 0);', 'memfd_create code'],
  ['traces', 'ptrace(PTRACE_TRACEME, 0, 0, 0);', 'ptrace'],
  ['reads another process', 'syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0);', 'process_vm_readv 1'],
  ['raises limits', 'struct rlimit r = {9999999, 9999999}; setrlimit(RLIMIT_NOFILE, &r);', 'prlimit64'],
  ['kills its parent', 'kill(getppid(), SIGKILL);', 'kill 0'],
  ['maps 100 GB', 'mmap(0, 100ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);', 'mmap'],
  ['hides', 'prctl(PR_SET_DUMPABLE, 0);', 'prctl'],
  ['makes a namespace', 'unshare(0x10000000);', 'unshare'],
  ['installs a filter', 'syscall(SYS_seccomp, 1, 0, 0);', 'seccomp'],
  ['moves elsewhere', 'if (chdir("/") < 0) return;', 'chdir /'],
  ['plays with descriptors of others', 'fcntl(1, F_SETOWN, 1);', 'fcntl'],
];

/** What ordinary libraries do, about which the profile `c` must be silent: bodies of a constructor; `work` is a thread's function. */
export const INNOCENT: readonly (readonly [string, string])[] = [
  ['memory and clocks', 'free(malloc(1 << 24)); struct timespec t; clock_gettime(CLOCK_REALTIME, &t); time(0);'],
  [
    'randomness',
    'char b[16]; syscall(SYS_getrandom, b, 16, 0); int fd = open("/dev/urandom", O_RDONLY); read(fd, b, 16); close(fd);',
  ],
  ['a file that is not there', 'if (open("/etc/no-such-plugin.conf", O_RDONLY) >= 0 || errno != ENOENT) abort();'],
  ['its own /proc', 'close(open("/proc/self/maps", O_RDONLY)); close(open("/proc/thread-self/stat", O_RDONLY));'],
  ['system libraries', 'close(open("/usr/lib/os-release", O_RDONLY)); opendir("/usr/lib");'],
  [
    'signals of its own',
    'signal(SIGUSR1, SIG_IGN); raise(SIGUSR1); kill(getpid(), SIGUSR1); pthread_kill(pthread_self(), SIGUSR1);',
  ],
  [
    'threads and their names',
    'pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); prctl(PR_SET_NAME, "mine");',
  ],
  [
    'questions',
    'isatty(1); getuid(); sysconf(_SC_NPROCESSORS_ONLN); struct rlimit r; getrlimit(RLIMIT_STACK, &r); access("/etc/shadow", R_OK);',
  ],
  ['/dev/null', 'write(open("/dev/null", O_WRONLY), "x", 1);'],
];

/** The plugin whose constructor does what INNOCENT says. */
export function innocent(body: string): string {
  return `${HEAD}#include <dirent.h>\nstatic void *work(void *x) { return x; }\n__attribute__((constructor)) static void begin(void) { ${body} }`;
}

/** The plugin whose constructor does what REFUSED says, in a function with a name. */
export function refused(body: string): string {
  return `${HEAD}void start_up(void) { ${body} }\n__attribute__((constructor)) static void begin(void) { start_up(); }`;
}
