#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/** Processes and threads in a user namespace of our own; outside of one the limit counts the user's other processes too. */
#define PROCESS_LIMIT 1024

/** Closes every descriptor from `first` to `last`, both included. */
static void close_between(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  struct rlimit limit;
  unsigned end = 65536;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end) end = (unsigned)limit.rlim_cur;
  for (unsigned descriptor = first; descriptor <= last && descriptor < end; descriptor++) close((int)descriptor);
}

static bool write_file(const char *path, const char *text) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  bool written = write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
  close(descriptor);
  return written;
}

/** Maps the user and group onto themselves, so that files keep their owner inside the namespace. */
static bool map_identity(uid_t user, gid_t group) {
  char users[64], groups[64];
  snprintf(users, sizeof users, "%u %u 1\n", (unsigned)user, (unsigned)user);
  snprintf(groups, sizeof groups, "%u %u 1\n", (unsigned)group, (unsigned)group);
  return write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/gid_map", groups) &&
         write_file("/proc/self/uid_map", users);
}

static bool enter_user_namespace(void) {
  uid_t user = geteuid();
  gid_t group = getegid();
  return unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 && map_identity(user, group);
}

/**
 * Tried in a process that is thrown away: Ubuntu's AppArmor lets the namespace be made and then forbids to map users in
 * it, and there is no way back out.
 */
static bool can_enter_user_namespace(void) {
  int status;
  pid_t trial = fork();
  if (trial == 0) _exit(enter_user_namespace() ? 0 : 1);
  if (trial < 0) return false;
  while (waitpid(trial, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/** The first process of the namespace: adopts and reaps orphans. When it is killed, the kernel kills all others. */
static _Noreturn void run_init(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "plugin-gate-init");
  signal(SIGCHLD, SIG_IGN);
  close_between(0, ~0u);
  for (;;) pause();
}

void isolate(struct isolation *isolation, bool wanted) {
  *isolation = (struct isolation){0};
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (wanted) {
    if (unshare(CLONE_NEWPID) == 0) {
      isolation->process_namespace = true;
    } else if (can_enter_user_namespace() && enter_user_namespace()) {
      isolation->process_namespace = isolation->user_namespace = true;
    }
  }
  isolation->objects_namespace = wanted && unshare(CLONE_NEWIPC) == 0;
  /* After the maps are written: an undumpable process does not own its own /proc files. */
  prctl(PR_SET_DUMPABLE, 0);
  if (!isolation->process_namespace) return;
  pid_t init = fork();
  if (init == 0) run_init();
  if (init < 0) {
    perror("plugin-gate-loader: fork");
    exit(2);
  }
  isolation->init = init;
}

static void limit(int resource, uint64_t value) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return;
  struct rlimit limit = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};
  if (now.rlim_max < limit.rlim_max) limit.rlim_cur = limit.rlim_max = now.rlim_max;
  setrlimit(resource, &limit);
}

/** Keeps the right to read files of others where the supervisor has it: dependencies may belong to another user. */
static bool drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  memset(sets, 0, sizeof sets);
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) break;
  }
  uint32_t kept = sets[0].permitted & (1u << CAP_DAC_READ_SEARCH);
  memset(sets, 0, sizeof sets);
  sets[0].permitted = sets[0].effective = kept;
  header.pid = 0;
  return syscall(SYS_capset, &header, sets) == 0;
}

static void reset_signals(void) {
  sigset_t none;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void confine_child(const struct job *job, const struct isolation *isolation, int control, int release) {
  unsigned low = (unsigned)(control < release ? control : release);
  unsigned high = (unsigned)(control < release ? release : control);
  reset_signals();
  setsid();
  close_between(STDERR_FILENO + 1, low - 1);
  close_between(low + 1, high - 1);
  close_between(high + 1, ~0u);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, job->file_size);
  if (job->address_space > 0) limit(RLIMIT_AS, job->address_space);
  if (isolation->user_namespace) limit(RLIMIT_NPROC, PROCESS_LIMIT);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !drop_capabilities()) _exit(CHILD_NOT_CONFINED);
  /* The supervisor reads this process's /proc files; it has no secret of its own. */
  prctl(PR_SET_DUMPABLE, 1);
  write_file("/proc/self/oom_score_adj", "1000");
}
