#include "registers.h"

#if defined(__aarch64__)

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/** Looks at whether it has stopped, and microseconds between them: it sleeps in a wait that a signal ends. */
#define MOST_LOOKS 5000
#define PAUSE 200

/** arm64: x30 is the link register (AAPCS64, 6.1.1). */
#define LINK 30

static bool has_stopped(pid_t thread) {
  for (int look = 0; look < MOST_LOOKS; look++) {
    siginfo_t info = {0};
    /* Stops only: how a process ended is for child.c. */
    if (waitid(P_PID, (id_t)thread, &info, WSTOPPED | WNOHANG | __WALL) != 0) return false;
    if (info.si_pid == thread) return true;
    usleep(PAUSE);
  }
  return false;
}

bool return_register(pid_t thread, uint64_t *address) {
  struct user_regs_struct registers;
  struct iovec area = {.iov_base = &registers, .iov_len = sizeof registers};
  if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0) return false;
  bool known = ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0 && has_stopped(thread) &&
               ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &area) == 0;
  ptrace(PTRACE_DETACH, thread, NULL, NULL);
  if (known) *address = registers.regs[LINK];
  return known;
}

#else

bool return_register(pid_t thread, uint64_t *address) {
  (void)thread;
  (void)address;
  return false;
}

#endif
