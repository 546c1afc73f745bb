#include "policy.h"

#include "names.h"
#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/** Nothing here reaches beyond the process, opens a file, or makes memory executable that the process could not fill itself. */
static const char FREE_C[] =
    "read write readv writev pread64 pwrite64 preadv pwritev lseek close close_range fstat stat lstat newfstatat statx access faccessat "
    "faccessat2 readlink readlinkat getcwd getdents getdents64 statfs fstatfs dup dup2 dup3 mmap mprotect munmap "
    "mremap madvise mincore msync brk membarrier mlock munlock rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending "
    "rt_sigsuspend rt_sigtimedwait sigaltstack nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times "
    "getrusage getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid "
    "getpriority sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max "
    "sched_get_priority_min set_tid_address set_robust_list get_robust_list rseq futex futex_waitv exit exit_group "
    "restart_syscall uname sysinfo getrlimit getrandom arch_prctl poll ppoll select pselect6 pause getcpu umask fadvise64 "
    "readahead fsync fdatasync capget getitimer pipe pipe2 eventfd eventfd2 epoll_create epoll_create1 epoll_ctl epoll_wait "
    "epoll_pwait epoll_pwait2 get_mempolicy pkey_alloc pkey_free pkey_mprotect map_shadow_stack wait4 waitid";

/** Preemption by signals and timers, profiling, and the sizes of its heap: runtime/os_linux.go. */
static const char FREE_GO[] =
    "timer_create timer_settime timer_gettime timer_delete setitimer timerfd_create timerfd_settime timerfd_gettime "
    "sched_setaffinity process_madvise futex_wake futex_wait";

/** All that the mission of `strict` names besides read and write, which the filter compares by descriptor. */
static const char FREE_STRICT[] = "clock_gettime exit_group";

/**
 * What a Go runtime cannot go on without: memory, threads, timers and the signals by which it preempts (runtime/os_linux.go,
 * runtime/cgo/gcc_linux.c, netpoll_epoll.go). Nothing of this opens a file or reaches out of the process.
 */
static const char RUNTIME_STRICT[] =
    "futex futex_wake futex_wait nanosleep clock_nanosleep clock_getres sched_yield sched_getaffinity madvise munmap mincore "
    "brk rt_sigprocmask rt_sigreturn rt_sigaction sigaltstack timer_create timer_settime timer_gettime timer_delete "
    "setitimer getpid gettid epoll_create1 eventfd2 pipe2 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 set_robust_list rseq "
    "set_tid_address getrandom restart_syscall exit membarrier";

/** What would go around the record or the filter of `audit`. */
static const char REFUSED_AUDIT[] =
    "io_uring_setup io_uring_enter io_uring_register ptrace process_vm_writev pidfd_getfd seccomp bpf perf_event_open "
    "setns userfaultfd init_module finit_module delete_module kexec_load kexec_file_load open_by_handle_at";

static const char *const PROFILE_NAMES[] = {"audit", "c", "go", "strict"};

bool profile_parse(const char *name, enum profile *profile) {
  for (size_t i = 0; i < sizeof PROFILE_NAMES / sizeof *PROFILE_NAMES; i++) {
    if (strcmp(name, PROFILE_NAMES[i]) != 0) continue;
    *profile = (enum profile)i;
    return true;
  }
  return false;
}

const char *profile_name(enum profile profile) { return PROFILE_NAMES[profile]; }

bool permission_parse(char *text, struct permission *permission) {
  char *rest = NULL, *name = strtok_r(text, " ", &rest);
  *permission = (struct permission){.number = -1};
  if (name == NULL) return false;
  permission->number = call_number(name);
  for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
    char *end = NULL;
    if (permission->count == CONDITION_LIMIT || word[0] < '0' || word[0] > '5' || word[1] != '=' || word[2] < '0' ||
        word[2] > '9')
      return false;
    uint64_t value = strtoull(word + 2, &end, 10);
    if (*end != '\0') return false;
    permission->conditions[permission->count].argument = (unsigned)(word[0] - '0');
    permission->conditions[permission->count].value = value;
    permission->count++;
  }
  return true;
}

bool policy_mentions(const struct policy *policy, const char *names) {
  for (size_t i = 0; i < policy->permission_count; i++) {
    if (policy->permissions[i].number >= 0 && call_listed(names, policy->permissions[i].number)) return true;
  }
  return false;
}

static size_t make_real(const char **paths, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    const char *real = realpath(paths[i], NULL);
    if (real != NULL) paths[kept++] = real;
  }
  return kept;
}

void policy_prepare(struct policy *policy) {
  policy->readable_count = make_real(policy->readable, policy->readable_count);
  policy->writable_count = make_real(policy->writable, policy->writable_count);
}

bool policy_is_noted(int number) { return call_subject(number) != SUBJECT_NONE || call_listed(CALLS_NOTED, number); }

static bool is_free_for_c(int number) { return call_listed(FREE_C, number); }

bool policy_is_free(const struct policy *policy, int number) {
  switch (policy->profile) {
    case PROFILE_AUDIT:
      /* Sockets are the only calls of `audit` that are both decided by an argument and noted. */
      return !policy_is_noted(number) && !call_listed(REFUSED_AUDIT, number);
    case PROFILE_C:
      return is_free_for_c(number);
    case PROFILE_GO:
      return is_free_for_c(number) || call_listed(FREE_GO, number);
    case PROFILE_STRICT:
      return call_listed(FREE_STRICT, number);
  }
  return false;
}

static bool is_permitted(const struct policy *policy, const struct call *call) {
  for (size_t i = 0; i < policy->permission_count; i++) {
    const struct permission *permission = &policy->permissions[i];
    bool matches = permission->number == call->number;
    for (size_t j = 0; matches && j < permission->count; j++) {
      matches = call->arguments[permission->conditions[j].argument] == permission->conditions[j].value;
    }
    if (matches) return true;
  }
  return false;
}

static bool is_beneath(const char *path, const char *const *places, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(places[i]);
    if (strncmp(path, places[i], length) != 0) continue;
    if (path[length] == '\0' || path[length] == '/' || strcmp(places[i], "/") == 0) return true;
  }
  return false;
}

/** The process's own files under /proc. */
static bool is_own(const char *path, pid_t process) {
  char own[32];
  int length = snprintf(own, sizeof own, "/proc/%d", (int)process);
  return strncmp(path, own, (size_t)length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/** Where a call's directory descriptor is: none for calls that take the working directory. */
static int directory_of(const struct call *call) {
  switch (call->subject) {
    case SUBJECT_OPEN_2:
    case SUBJECT_OPENAT2:
    case SUBJECT_CHANGE_1:
    case SUBJECT_PATH_1:
      return (int)call->arguments[0];
    default:
      return AT_FDCWD;
  }
}

bool policy_finds(const struct call *call, pid_t process, char *file, size_t size) {
  char path[PATH_LIMIT];
  bool found = path_resolve(call->thread, process, directory_of(call), call->detail, path);
  snprintf(file, size, "%s", path);
  return found;
}

/** Files by their real path. What is not there gives the kernel's own error, so that looking for a file is no offence. */
static int decide_file(const struct policy *policy, const struct process_facts *facts, const struct call *call) {
  char path[PATH_LIMIT];
  bool exists = path_resolve(call->thread, facts->process, directory_of(call), call->detail, path);
  bool allowed = path[0] != '\0' &&
                 (call->writes ? is_beneath(path, policy->writable, policy->writable_count) || strcmp(path, "/dev/null") == 0
                               : is_beneath(path, policy->readable, policy->readable_count) ||
                                     is_beneath(path, policy->writable, policy->writable_count) ||
                                     is_own(path, facts->process));
  if (allowed || (!exists && !call->writes)) return 0;
  return EACCES;
}

static bool is_second_path_writable(const struct call *call) {
  return !call_listed("rename renameat renameat2 link linkat symlink symlinkat", call->number);
}

/** A number of a thread or, with `NStgid:`, of its process where it lives; -1 when that cannot be read. */
static int number_within(pid_t thread, const char *field) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
  FILE *file = fopen(path, "re");
  int number = -1;
  while (file != NULL && fgets(text, sizeof text, file) != NULL) {
    char *last;
    if (strncmp(text, field, strlen(field)) != 0) continue;
    last = strrchr(text, '\t');
    if (last != NULL) number = atoi(last + 1);
  }
  if (file != NULL) fclose(file);
  return number;
}

/** As the process itself is numbered where it lives. */
static int own_number(pid_t thread) { return number_within(thread, "NSpid:"); }

/** By the number of one of its threads: tkill, which musl has for pthread_kill. */
static bool is_own_thread(pid_t thread, int number) {
  char path[64];
  bool own = false;
  snprintf(path, sizeof path, "/proc/%d/task", (int)thread);
  DIR *directory = opendir(path);
  if (directory == NULL) return false;
  for (struct dirent *entry; !own && (entry = readdir(directory)) != NULL;)
    own = entry->d_name[0] != '.' && own_number(atoi(entry->d_name)) == number;
  closedir(directory);
  return own;
}

bool policy_is_own_signal(const struct call *call) {
  int number = (int)call->arguments[0];
  if (number <= 0) return false;
  if (call_listed("kill tgkill rt_sigqueueinfo rt_tgsigqueueinfo", call->number))
    return number == number_within(call->thread, "NStgid:");
  return call_listed("tkill", call->number) && is_own_thread(call->thread, number);
}

static bool is_harmless_prctl(uint64_t option) {
  static const uint64_t HARMLESS[] = {PR_GET_PDEATHSIG, PR_GET_DUMPABLE,     PR_GET_KEEPCAPS, PR_SET_NAME, PR_GET_NAME,
                                      PR_GET_SECCOMP,   PR_CAPBSET_READ,     27,              30,          39,
                                      47,               51,                  56,              54,          0x53564d41};
  for (size_t i = 0; i < sizeof HARMLESS / sizeof *HARMLESS; i++) {
    if (HARMLESS[i] == option) return true;
  }
  return false;
}

/** Questions about a terminal or a pipe, and how it blocks. */
static bool is_harmless_ioctl(uint64_t request) {
  switch ((uint32_t)request) {
    case 0x5401: /* TCGETS */
    case 0x802c542a: /* TCGETS2 */
    case 0x5413: /* TIOCGWINSZ */
    case 0x541b: /* FIONREAD */
    case 0x5421: /* FIONBIO */
    case 0x5450: /* FIONCLEX */
    case 0x5451: /* FIOCLEX */
      return true;
    default:
      return false;
  }
}

/** Everything but signals to others: F_SETOWN, F_SETSIG, F_SETOWN_EX, F_NOTIFY. */
static bool is_harmless_fcntl(uint64_t command) { return command != 8 && command != 10 && command != 15 && command != 1026; }

static int allowed_if(bool condition) { return condition ? 0 : EPERM; }

static int decide_c(const struct policy *policy, const struct process_facts *facts, const struct call *call) {
  const uint64_t *arguments = call->arguments;
  const char *name = call_name(call->number);
  switch (call->subject) {
    case SUBJECT_OPEN_1:
    case SUBJECT_OPEN_2:
    case SUBJECT_OPENAT2:
      return decide_file(policy, facts, call);
    case SUBJECT_CHANGE_0:
    case SUBJECT_CHANGE_1:
      return is_second_path_writable(call) ? decide_file(policy, facts, call) : EACCES;
    case SUBJECT_CLONE:
      return allowed_if(!call->process);
    case SUBJECT_NUMBER:
      /* A signal to itself: raise, abort, pthread_kill. */
      if (strcmp(name, "kill") == 0 || strcmp(name, "tgkill") == 0)
        return allowed_if((int)arguments[0] > 0 && (int)arguments[0] == own_number(facts->process));
      return allowed_if(strcmp(name, "tkill") == 0 && (int)arguments[0] == own_number(call->thread));
    default:
      break;
  }
  /* Smaller ones the filter itself lets through. */
  if (strcmp(name, "mmap") == 0)
    return policy->largest_mapping == 0 || arguments[1] <= policy->largest_mapping ? 0 : ENOMEM;
  if (strcmp(name, "prctl") == 0) return allowed_if(is_harmless_prctl(arguments[0]));
  if (strcmp(name, "ioctl") == 0) return allowed_if(is_harmless_ioctl(arguments[1]));
  if (strcmp(name, "fcntl") == 0) return allowed_if(is_harmless_fcntl(arguments[1]));
  /* Go asks whether the kernel has them, with itself and with signal 0, which is none: os/pidfd_linux.go. */
  if (strcmp(name, "pidfd_open") == 0) return allowed_if((int)arguments[0] == own_number(facts->process));
  if (strcmp(name, "pidfd_send_signal") == 0) return allowed_if(arguments[1] == 0);
  if (strcmp(name, "prlimit64") == 0) {
    /* Go raises its own soft limit of descriptors: syscall/rlimit.go. */
    bool descriptors = (policy->profile == PROFILE_GO || policy->runtime) && arguments[0] == 0 && arguments[1] == RLIMIT_NOFILE;
    return allowed_if(arguments[2] == 0 || descriptors);
  }
  return allowed_if(is_free_for_c(call->number) || (policy->runtime && call_listed(FREE_GO, call->number)));
}

static int decide_audit(const struct call *call) {
  if (call_listed(REFUSED_AUDIT, call->number)) return EPERM;
  if (call->subject != SUBJECT_FAMILY) return 0;
  return allowed_if(call->arguments[0] == AF_UNIX || call->arguments[0] == AF_NETLINK);
}

/** The descriptor by which a runtime wakes itself, up to Go 1.20 or so a pipe: nothing leaves the process through it. */
static bool is_event(const struct process_facts *facts, uint64_t descriptor) {
  char link[64], target[64];
  snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)facts->process, (int)descriptor);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length <= 0) return false;
  target[length] = '\0';
  return strcmp(target, "anon_inode:[eventfd]") == 0 || strncmp(target, "pipe:[", 6) == 0;
}

/** What the runtime of a host needs while the plugin is called; memory that it makes executable is not among it. */
static bool is_runtime_call(const struct policy *policy, const struct process_facts *facts, const struct call *call) {
  const uint64_t *arguments = call->arguments;
  const char *name = call_name(call->number);
  if (call_listed(RUNTIME_STRICT, call->number)) return true;
  if (strcmp(name, "read") == 0 || strcmp(name, "write") == 0) return is_event(facts, arguments[0]);
  if (strcmp(name, "mmap") == 0)
    return (arguments[2] & PROT_EXEC) == 0 && (arguments[3] & MAP_ANONYMOUS) != 0 &&
           (policy->largest_mapping == 0 || arguments[1] <= policy->largest_mapping);
  if (strcmp(name, "mprotect") == 0) return (arguments[2] & PROT_EXEC) == 0;
  if (strcmp(name, "clone") == 0) return !call->process;
  /* Names for its own memory: PR_SET_VMA. */
  if (strcmp(name, "prctl") == 0) return arguments[0] == 0x53564d41;
  return (strcmp(name, "tgkill") == 0 || strcmp(name, "tkill") == 0) && decide_c(policy, facts, call) == 0;
}

static int decide_strict(const struct policy *policy, enum stretch stretch, const struct process_facts *facts,
                         const struct call *call) {
  if (stretch == STRETCH_LOAD) return decide_c(policy, facts, call);
  if (policy->runtime && is_runtime_call(policy, facts, call)) return 0;
  /* The end of a thread that a constructor started; and the loader's own handler, which lets a crash take its course. */
  if (call_listed("exit", call->number)) return 0;
  if (facts->crashed && call_listed("rt_sigreturn", call->number)) return 0;
  return EPERM;
}

int policy_decide(const struct policy *policy, enum stretch stretch, const struct process_facts *facts, const struct call *call) {
  if (stretch == STRETCH_START || is_permitted(policy, call)) return 0;
  switch (policy->profile) {
    case PROFILE_AUDIT:
      return decide_audit(call);
    case PROFILE_C:
    case PROFILE_GO:
      return decide_c(policy, facts, call);
    case PROFILE_STRICT:
      return decide_strict(policy, stretch, facts, call);
  }
  return EPERM;
}
