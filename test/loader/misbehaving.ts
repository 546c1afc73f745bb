/**
 * Plugins that do what no plugin should, one C source each. Every one is a way in which a loader can be fooled, hung, or
 * taken down.
 */
const HEADS = `
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
`;

function atStart(body: string, before = ''): string {
  return `${HEADS}${before}\n__attribute__((constructor)) static void begin(void) { ${body} }\n`;
}

/** Double fork and a session of its own, as a daemon does. The name shows in the process table. */
const DAEMON = `
static void daemonise(const char *name) {
  pid_t child = fork();
  if (child != 0) { int status; extern int waitpid(); waitpid(child, &status, 0); return; }
  setsid();
  if (fork() != 0) _exit(0);
  signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_NAME, name);
  for (;;) sleep(1000);
}`;

const FORGER = `
#include "protocol.h"
static int channel(void) {
  for (int fd = 3; fd < 2048; fd++) {
    int type; socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) return fd;
  }
  return -1;
}
/* Plays the loader's own part: says "returned", takes the nonce, and sends the wished result. */
static void play(int fd, uint32_t step, uint32_t value) {
  static struct message message; struct command command;
  memset(&message, 0, sizeof message);
  message.magic = MESSAGE_MAGIC; message.kind = KIND_RETURNED; message.step = step;
  send(fd, &message, sizeof message, 0);
  recv(fd, &command, sizeof command, 0);
  message.kind = KIND_RESULT; message.nonce = command.nonce; message.value = value;
  send(fd, &message, sizeof message, 0);
}`;

export const MISBEHAVING = {
  exits: atStart('exit(0);'),
  exitsAtOnce: atStart('_exit(3);'),
  crashes: atStart('*(volatile int *)0 = 1;'),
  overflowsStack: `${HEADS}
static int deep(volatile int n) { volatile char room[4096]; room[0] = (char)n; return deep(n + 1) + room[0]; }
__attribute__((constructor)) static void begin(void) { deep(0); }`,
  hangs: atStart('for (;;) pause();'),
  spins: atStart('for (volatile unsigned long i = 0;; i++);'),
  spinsInHandler: atStart(
    'signal(SIGALRM, spin); for (int n = 1; n < 32; n++) if (n != SIGALRM) signal(n, SIG_IGN); raise(SIGALRM);',
    'static void spin(int number) { for (volatile unsigned long i = 0;; i++); }',
  ),
  stops: atStart('raise(SIGSTOP);'),
  killsParent: atStart('kill(getppid(), SIGKILL); sleep(5);'),
  killsParentWithDaemon: atStart('daemonise(getenv("DAEMON_NAME")); kill(getppid(), SIGKILL); sleep(5);', DAEMON),
  killsGroup: atStart('kill(0, SIGKILL);'),
  leavesDaemon: atStart('daemonise(getenv("DAEMON_NAME"));', DAEMON),
  closesDescriptors: atStart('for (int fd = 0; fd < 65536; fd++) close(fd);'),
  writesEverywhere: atStart(`
    const char *lie = "{\\"event\\":\\"open\\",\\"time\\":1,\\"opened\\":true}\\n{\\"event\\":\\"done\\",\\"time\\":2}\\n";
    for (int fd = 0; fd < 65536; fd++) if (write(fd, lie, strlen(lie)) < 0) continue;
    exit(0);`),
  writesToOthers: atStart(`
    char path[300];
    for (int pid = 1; pid < 4; pid++) {
      snprintf(path, sizeof path, "/proc/%d/fd", pid == 3 ? getppid() : pid);
      DIR *directory = opendir(path);
      if (directory == NULL) continue;
      for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char file[600];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        int fd = open(file, O_WRONLY | O_NONBLOCK);
        if (fd >= 0) close(fd);
      }
      closedir(directory);
    }`),
  playsLoader: atStart(
    'int fd = channel(); play(fd, STEP_OPEN, 1); struct command next; recv(fd, &next, sizeof next, 0); play(fd, next.step, 1); recv(fd, &next, sizeof next, 0); _exit(0);',
    FORGER,
  ),
  printsCommands: atStart(
    'puts("::error::owned\\n::set-output name=verdict::pass\\n\\033[2Jclean"); fputs("{\\"event\\":\\"done\\"}\\n", stderr); fflush(stdout);',
  ),
  printsHome: atStart('fputs(getenv("HOME"), stdout); fflush(stdout); mkdir("left", 0); if (chdir("/") < 0) return;'),
  floods: atStart(
    'static char block[65536]; memset(block, 65, sizeof block); for (int i = 0; i < 160; i++) if (write(1, block, sizeof block) < 0) return;',
  ),
  floodsChannel: atStart('int fd = channel(); for (;;) send(fd, "x", 1, 0);', FORGER),
  opensOften: `${HEADS}
static void *work(void *nothing) { for (int i = 0; i < 2000; i++) close(open("/dev/null", O_RDONLY)); return nothing; }
__attribute__((constructor)) static void begin(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, work, 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
}`,
  changesFile: atStart(
    'Dl_info info; dladdr((void *)&begin, &info); unlink(info.dli_fname); int fd = open(info.dli_fname, O_CREAT | O_WRONLY, 0755); if (write(fd, "x", 1) < 0) return;',
    'static void begin(void);',
  ),
  hides: atStart('prctl(PR_SET_DUMPABLE, 0);'),
  startsThread: atStart(
    'pthread_t thread; pthread_create(&thread, 0, wait_for_ever, 0);',
    'static void *wait_for_ever(void *nothing) { for (;;) pause(); return nothing; }',
  ),
  startsBusyThread: atStart(
    'pthread_t thread; pthread_create(&thread, 0, spin, 0);',
    'static void *spin(void *nothing) { for (volatile unsigned long i = 0;; i++); return nothing; }',
  ),
  fillsDisk: atStart(
    'static char block[1 << 20]; int fd = open("big", O_CREAT | O_WRONLY, 0600); while (fd >= 0 && write(fd, block, sizeof block) > 0) continue; close(fd);',
  ),
  eatsMemory: atStart('for (;;) { void *area = malloc(64 << 20); if (area == NULL) abort(); }'),
  crashesInResolver: `static int real(void) { return 1; }
static void *resolve(void) { *(volatile int *)8 = 1; return (void *)real; }
int entry(void) __attribute__((ifunc("resolve")));
int use(void) { return entry(); }
int (*table)(void) = entry;`,
  crashesInDestructor: `${HEADS}\n__attribute__((destructor)) static void end(void) { abort(); }`,
  reachesOut: `${HEADS}
#include <arpa/inet.h>
static void dial(const char *where, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, where, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  connect(fd, (struct sockaddr *)&to, sizeof to);
  close(fd);
}
void start_up(void) {
  close(open(getenv("OUTSIDE"), O_CREAT | O_WRONLY, 0600));
  close(open("/etc/passwd", O_RDONLY));
  close(open("own-file", O_CREAT | O_WRONLY, 0600));
  close(open("/dev/null", O_WRONLY));
  dial("127.0.0.1", 9);
  if (system("exit 0") != 0) return;
  unshare(0x20000);
}
int asked(void) { dial("127.0.0.2", 9); return 0; }
__attribute__((constructor)) static void begin(void) { start_up(); }`,
  probes: `${HEADS}
int healthy(void) { return 0; }
int broken(void) { return -7; }
int crashing(void) { *(volatile int *)16 = 1; return 0; }
int aborting(void) { abort(); }
int exiting(void) { exit(0); }
int hanging(void) { for (;;) pause(); }
void nothing(void) {}
const char *named(void) { return "fish \\"\\n\\xe9"; }
const char *nameless(void) { return NULL; }
const char *wild(void) { return (const char *)8; }`,
} as const;

export type Misbehaving = keyof typeof MISBEHAVING;
