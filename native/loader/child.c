#include "child.h"

#include "crash.h"
#include "host.h"
#include "load.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/** A plugin that goes on writing to the channel is not waited for until the deadline. */
#define VIOLATION_LIMIT 64

/** Recorded calls that are let go before deadlines are looked at again. */
#define CALLS_AT_ONCE 64

/** Bytes of heap that are there from the beginning; untouched, they cost address space only. */
#define HEAP_ROOM (8 << 20)

/** Milliseconds until the child has passed its listener; it runs no plugin code before. */
#define LISTENER_TIMEOUT 30000

static volatile sig_atomic_t cancelled;

static void on_cancel(int number) {
  (void)number;
  cancelled = 1;
}

static void on_child(int number) { (void)number; }

void child_prepare_signals(void) {
  struct sigaction action;
  sigset_t blocked;
  memset(&action, 0, sizeof action);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGHUP);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  action.sa_handler = on_child;
  sigaction(SIGCHLD, &action, NULL);
  action.sa_handler = on_cancel;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/** Moves a descriptor out of the range that programs take for granted, if the limit on descriptors allows. */
static int move_high(int descriptor) {
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, CONTROL_FLOOR);
  return moved >= 0 ? moved : descriptor;
}

/**
 * Room that is there before `strict` forbids to ask for more: small blocks come from the heap, which has been grown. A block of
 * thread-local storage would otherwise be mapped at its first use. musl has no such settings, and none is lost there.
 */
static void prepare_heap(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 4 * HEAP_ROOM);
  mallopt(M_TOP_PAD, HEAP_ROOM);
  /* Volatile: a compiler may leave out an allocation that nothing uses. */
  void *volatile room = malloc(HEAP_ROOM);
  free(room);
#endif
}

static _Noreturn void become_child(const struct job *job, const struct isolation *isolation, int channel, int wait,
                                   const int outputs[2]) {
  int control = move_high(channel), release = move_high(wait);
  int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(outputs[0], STDOUT_FILENO);
  dup2(outputs[1], STDERR_FILENO);
  confine_child(job, isolation, control, release);
  if (job->host == NULL) {
    crash_install(control, release);
    if (job->policy.profile == PROFILE_STRICT) prepare_heap();
  }
  if (!sandbox_enter(&job->policy, control, release)) _exit(CHILD_LOST_CONTROL);
  if (job->host != NULL) host_become(job, control);
  load_run(job, control);
}

bool child_start(struct child *child, const struct job *job, const struct isolation *isolation,
                 const struct watcher *watcher) {
  int channel[2], release[2], outputs[2];
  *child = (struct child){.watcher = *watcher, .barrier = {.listener = -1}, .hosted = job->host != NULL};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0 || pipe2(release, O_CLOEXEC) != 0) return false;
  for (int i = 0; i < 2; i++) {
    /* What a runtime says of its end comes last. */
    if (!capture_open(&child->output[i], job->output, job->host != NULL, &outputs[i])) return false;
  }
  child->process = fork();
  if (child->process < 0) return false;
  if (child->process == 0) become_child(job, isolation, channel[1], release[0], outputs);
  close(channel[1]);
  close(release[0]);
  close(outputs[0]);
  close(outputs[1]);
  child->control = channel[0];
  child->release = release[1];
  child->barrier = sandbox_receive(child->control, LISTENER_TIMEOUT);
  return true;
}

void child_command(struct child *child, enum step step, uint32_t index, uint64_t nonce) {
  struct command command = {.magic = MESSAGE_MAGIC, .nonce = nonce, .step = (uint32_t)step, .index = index};
  ssize_t sent = send(child->control, &command, sizeof command, MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)sent;
}

static bool is_expected(const struct message *message, const struct message *expected) {
  return message->kind == expected->kind && message->step == expected->step && message->index == expected->index &&
         message->nonce == expected->nonce;
}

/** A line of the answer that is waited for: who sends it has the nonce. */
static bool is_told(const struct child *child, const struct message *message, const struct message *expected) {
  return child->hosted && message->kind == KIND_TOLD && expected->kind == KIND_RESULT && message->step == expected->step &&
         message->index == expected->index && message->nonce == expected->nonce;
}

enum taken { TAKEN_NOTHING, TAKEN_EXPECTED, TAKEN_OTHER };

/** Takes one message from the channel. What is not expected to the byte is counted, and dropped. */
static enum taken take_message(struct child *child, const struct message *expected, struct message *message) {
  ssize_t got = recv(child->control, message, sizeof *message, MSG_DONTWAIT | MSG_TRUNC);
  if (got < 0) return TAKEN_NOTHING;
  if (got == 0) {
    /* Also a packet of no bytes; a closed channel shows as POLLHUP. */
    struct pollfd channel = {.fd = child->control, .events = POLLIN};
    if (poll(&channel, 1, 0) > 0 && (channel.revents & POLLHUP) != 0) {
      child->channel_closed = true;
      return TAKEN_NOTHING;
    }
    child->violations++;
    return TAKEN_OTHER;
  }
  if (got != (ssize_t)sizeof *message || message->magic != MESSAGE_MAGIC) {
    child->violations++;
    return TAKEN_OTHER;
  }
  message->text[TEXT_SIZE - 1] = '\0';
  if (is_expected(message, expected)) return TAKEN_EXPECTED;
  if (is_told(child, message, expected)) {
    child->watcher.told(child->watcher.context, message);
    return TAKEN_OTHER;
  }
  /* A host has no handler that would say so: its runtime has one of its own. */
  if (message->kind == KIND_CRASH && !child->crashed && !child->hosted) {
    child->crashed = true;
    child->crash = *message;
    child->watcher.crash(child->watcher.context);
    ssize_t released = write(child->release, "", 1);
    (void)released;
    return TAKEN_OTHER;
  }
  child->violations++;
  return TAKEN_OTHER;
}

/** Takes the status if the process has ended (true) or was stopped (*stopped). */
static bool take_status(struct child *child, bool *stopped) {
  int status;
  pid_t got = waitpid(child->process, &status, WNOHANG | WUNTRACED);
  if (got != child->process) return false;
  child->status = status;
  if (WIFSTOPPED(status)) {
    *stopped = true;
    return false;
  }
  child->waited = true;
  return true;
}

static void close_listener(struct child *child) {
  if (child->barrier.listener >= 0) close(child->barrier.listener);
  child->barrier.listener = -1;
}

/** Answers waiting calls. The listener hangs up when the last process under the filter is gone. */
static void serve_calls(struct child *child, short events) {
  struct call call;
  int listener = child->barrier.listener;
  for (int i = 0; i < CALLS_AT_ONCE && listener >= 0 && !child->denied && sandbox_take(listener, &call); i++) {
    int error = child->watcher.call(child->watcher.context, &call);
    /* Not answered: the call stays where it is until its process is killed. */
    if (!child->denied) sandbox_answer(listener, &call, error);
  }
  if ((events & POLLHUP) != 0 && (events & POLLIN) == 0) close_listener(child);
}

/** Sleeps until something happens or the deadline; false when the driver went away. */
static bool sleep_until(struct child *child, double deadline) {
  sigset_t none;
  double left = deadline - report_now();
  struct timespec timeout = {0};
  struct pollfd watched[] = {
      {.fd = child->channel_closed ? -1 : child->control, .events = POLLIN},
      {.fd = child->output[0].descriptor, .events = POLLIN},
      {.fd = child->output[1].descriptor, .events = POLLIN},
      {.fd = REPORT_DESCRIPTOR, .events = 0},
      {.fd = child->barrier.listener, .events = POLLIN},
  };
  if (left > 0) {
    timeout.tv_sec = (time_t)(left / 1e3);
    timeout.tv_nsec = (long)((left - (double)timeout.tv_sec * 1e3) * 1e6);
  }
  sigemptyset(&none);
  int ready = ppoll(watched, sizeof watched / sizeof *watched, &timeout, &none);
  capture_drain(&child->output[0]);
  capture_drain(&child->output[1]);
  if (ready > 0) serve_calls(child, watched[4].revents);
  return !cancelled && !(ready > 0 && (watched[3].revents & (POLLERR | POLLHUP)) != 0);
}

enum outcome child_wait(struct child *child, const struct message *expected, struct message *message, double deadline) {
  for (;;) {
    bool stopped = false;
    /* The status first, then the channel: what a process sent before it ended is still there, and is not lost. */
    bool ended = child->waited || take_status(child, &stopped);
    for (int i = 0; i < VIOLATION_LIMIT; i++) {
      enum taken taken = take_message(child, expected, message);
      if (taken == TAKEN_EXPECTED) return OUTCOME_MESSAGE;
      if (taken == TAKEN_NOTHING) break;
    }
    if (ended) return OUTCOME_ENDED;
    if (child->denied) return OUTCOME_DENIED;
    if (stopped) return OUTCOME_STOPPED;
    if (child->violations >= VIOLATION_LIMIT) return OUTCOME_INTERFERED;
    if (report_now() >= deadline) return child->channel_closed ? OUTCOME_INTERFERED : OUTCOME_TIMEOUT;
    if (!sleep_until(child, deadline)) return OUTCOME_CANCELLED;
  }
}

void child_end(struct child *child) {
  if (!child->waited) {
    kill(-child->process, SIGKILL);
    kill(child->process, SIGKILL);
    int status;
    while (waitpid(child->process, &status, 0) < 0 && errno == EINTR) continue;
    child->waited = true;
  }
  /* Recorded calls of processes that are left fail from here on, instead of waiting for ever. */
  close_listener(child);
  capture_drain(&child->output[0]);
  capture_drain(&child->output[1]);
}
