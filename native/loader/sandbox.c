#include "sandbox.h"

#include "landlock.h"
#include "names.h"
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/** Calls of the x32 form of x86-64 have this bit. */
#define X32_BIT 0x40000000

#define NUMBER_CLONE3 435

struct program {
  struct sock_filter code[4 * HIGHEST_CALL];
  size_t length;
};

static void emit(struct program *program, struct sock_filter instruction) { program->code[program->length++] = instruction; }

static void load_word(struct program *program, size_t offset) {
  emit(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void finish(struct program *program, unsigned result) {
  emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

/** The next `skipped` instructions run only when the loaded word is this. */
static void when_equal(struct program *program, unsigned value, unsigned char skipped) {
  emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped));
}

/** Lets a call through when an argument, a 64-bit register, has this value; leaves the number loaded for what follows. */
static void allow_when(struct program *program, int number, unsigned argument, uint64_t value) {
  size_t low = offsetof(struct seccomp_data, args) + 8 * (size_t)argument;
  when_equal(program, (unsigned)number, 6);
  load_word(program, low);
  when_equal(program, (unsigned)value, 3);
  load_word(program, low + 4);
  when_equal(program, (unsigned)(value >> 32), 1);
  finish(program, SECCOMP_RET_ALLOW);
  load_word(program, offsetof(struct seccomp_data, nr));
}

/** Calls of a 32-bit or x32 program would have other numbers: none is needed, so none passes. */
static void refuse_foreign(struct program *program) {
  load_word(program, offsetof(struct seccomp_data, arch));
  emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0));
  finish(program, SECCOMP_RET_KILL_PROCESS);
  load_word(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
  finish(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

/** Lets mappings below 4 GiB through; the larger ones are decided. */
static void allow_small_mappings(struct program *program) {
  when_equal(program, (unsigned)call_number("mmap"), 4);
  load_word(program, offsetof(struct seccomp_data, args) + 12);
  when_equal(program, 0, 1);
  finish(program, SECCOMP_RET_ALLOW);
  load_word(program, offsetof(struct seccomp_data, nr));
}

/** What the loader's own loop needs in every phase of `strict`: its channel, and the descriptors the plugin was given. */
static void allow_given_descriptors(struct program *program, int control, int release) {
  int number = call_number("read");
  allow_when(program, number, 0, STDIN_FILENO);
  allow_when(program, number, 0, (unsigned)control);
  allow_when(program, number, 0, (unsigned)release);
  number = call_number("write");
  allow_when(program, number, 0, STDOUT_FILENO);
  allow_when(program, number, 0, STDERR_FILENO);
  allow_when(program, number, 0, (unsigned)control);
}

static void build(struct program *program, const struct policy *policy, int control, int release, uint64_t secret) {
  program->length = 0;
  refuse_foreign(program);
  /* Its flags are in memory, where they can be changed after the look; the C libraries then fall back to clone. */
  when_equal(program, NUMBER_CLONE3, 1);
  finish(program, SECCOMP_RET_ERRNO | ENOSYS);
  /* The one message that passes the listener: a register that means nothing to the call carries what no plugin knows. */
  allow_when(program, SYS_sendmsg, 5, secret);
  if (policy->profile == PROFILE_STRICT) allow_given_descriptors(program, control, release);
  if (policy_is_free(policy, call_number("mmap")) && policy->profile != PROFILE_AUDIT) allow_small_mappings(program);
  for (int number = 0; number <= HIGHEST_CALL; number++) {
    if (!policy_is_free(policy, number) || (policy->profile != PROFILE_AUDIT && number == call_number("mmap"))) continue;
    when_equal(program, (unsigned)number, 1);
    finish(program, SECCOMP_RET_ALLOW);
  }
  finish(program, SECCOMP_RET_USER_NOTIF);
}

/** SECCOMP_USER_NOTIF_FLAG_CONTINUE came with Linux 5.5; before, every recorded call would fail. */
static bool kernel_can_continue(void) {
  struct utsname name;
  int major = 0, minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 5);
}

static uint64_t draw_secret(void) {
  uint64_t secret = 0;
  int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (source >= 0 && read(source, &secret, sizeof secret) != (ssize_t)sizeof secret) secret = 0;
  if (source >= 0) close(source);
  return secret;
}

/** explicit_bzero(3) is younger than the oldest C library that this runs on. */
static void wipe(void *memory, size_t size) {
  for (volatile char *byte = memory; size > 0; size--) *byte++ = 0;
}

static bool pass(int socket, int listener, int landlock, uint64_t secret) {
  signed char word[2] = {listener >= 0, (signed char)landlock};
  char control[CMSG_SPACE(sizeof listener)] = {0};
  struct iovec data = {.iov_base = word, .iov_len = sizeof word};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  if (listener >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
  }
  return syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL, 0, 0, secret) == (long)sizeof word;
}

bool sandbox_enter(const struct policy *policy, int control, int release) {
  static struct program program;
  int listener = -1;
  uint64_t secret = draw_secret();
  int landlock = landlock_enforce(policy);
  if (secret != 0 && kernel_can_continue()) {
    build(&program, policy, control, release, secret);
    struct sock_fprog filter = {.len = (unsigned short)program.length, .filter = program.code};
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  }
  bool passed = pass(control, listener, landlock, secret);
  if (listener >= 0) close(listener);
  /* The secret is in the filter's code and in this frame; neither is there for the plugin to find. */
  wipe(&program, sizeof program);
  wipe(&secret, sizeof secret);
  return passed;
}

struct barrier sandbox_receive(int socket, int timeout) {
  struct barrier barrier = {.listener = -1};
  signed char word[2] = {0};
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec data = {.iov_base = word, .iov_len = sizeof word};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct pollfd ready = {.fd = socket, .events = POLLIN};
  if (poll(&ready, 1, timeout) != 1 || recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof word) return barrier;
  barrier.landlock = word[1];
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (word[0] == 0 || header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
    return barrier;
  memcpy(&barrier.listener, CMSG_DATA(header), sizeof barrier.listener);
  return barrier;
}

/** The kernel's structures may be longer than those of our headers; this is room for any so far. */
union notification {
  struct seccomp_notif request;
  struct seccomp_notif_resp response;
  char room[512];
};

bool sandbox_take(int listener, struct call *call) {
  union notification notification;
  memset(&notification, 0, sizeof notification);
  struct pollfd ready = {.fd = listener, .events = POLLIN};
  /* The call may be gone again (its process was killed): then the ioctl would wait for the next. */
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0) return false;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return false;
  const struct seccomp_notif *request = &notification.request;
  memset(call, 0, sizeof *call);
  call->id = request->id;
  call->thread = (pid_t)request->pid;
  call->number = request->data.nr;
  for (size_t i = 0; i < 6; i++) call->arguments[i] = request->data.args[i];
  call->subject = call_subject(call->number);
  call->opens = call->subject == SUBJECT_OPEN_1 || call->subject == SUBJECT_OPEN_2 || call->subject == SUBJECT_OPENAT2;
  call_describe(call);
  return true;
}

/** brk gives the break, moved or not, and no error number: the C library would take one for an address. */
static void refuse(const struct call *call, int error, struct seccomp_notif_resp *response) {
  struct maps maps;
  response->error = -error;
  if (!call_listed("brk", call->number)) return;
  response->error = 0;
  if (maps_read(call->thread, &maps)) {
    for (size_t i = 0; i < maps.count; i++) {
      if (strcmp(maps.entries[i].path, "[heap]") == 0) response->val = (int64_t)maps.entries[i].end;
    }
  }
  maps_free(&maps);
}

void sandbox_answer(int listener, const struct call *call, int error) {
  union notification notification;
  memset(&notification, 0, sizeof notification);
  notification.response.id = call->id;
  if (error == 0) notification.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  else refuse(call, error, &notification.response);
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &notification);
}
