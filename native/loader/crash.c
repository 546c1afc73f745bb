#include "crash.h"

#include "protocol.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static const int CRASH_SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

static int control_descriptor;
static int release_descriptor;
static volatile sig_atomic_t reported;
static struct message report;
static char stack[65536];

static void read_registers(const ucontext_t *context, struct message *message) {
#if defined(__x86_64__)
  message->counter = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
  message->stack = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
  message->counter = context->uc_mcontext.pc;
  message->stack = context->uc_mcontext.sp;
#endif
}

static void on_crash(int number, siginfo_t *info, void *context) {
  if (!reported) {
    reported = 1;
    report.magic = MESSAGE_MAGIC;
    report.kind = KIND_CRASH;
    report.number = number;
    report.address = (uint64_t)(uintptr_t)info->si_addr;
    read_registers(context, &report);
    char released;
    /* Only calls that the strictest profile leaves. The supervisor answers, or its end ends this process too. */
    if (write(control_descriptor, &report, sizeof report) == (ssize_t)sizeof report &&
        read(release_descriptor, &released, 1) < 0)
      reported = 2;
  }
  /* A fault repeats when this returns. What was sent stays pending until then, and ends the process with the right signal. */
  if (info->si_code <= 0) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

void crash_install(int control, int release) {
  stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action;
  control_descriptor = control;
  release_descriptor = release;
  sigaltstack(&alternative, NULL);
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_crash;
  /* The second time the signal takes its course, without another system call. */
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND;
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < sizeof CRASH_SIGNALS / sizeof *CRASH_SIGNALS; i++) sigaction(CRASH_SIGNALS[i], &action, NULL);
}
