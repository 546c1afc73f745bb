#include "sandbox.h"

#include "calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

struct known_call {
  int number;
  const char *name;
  enum subject subject;
};

#define ENTRY(call, kind) {SYS_##call, #call, kind},
static const struct known_call CALLS[] = {
    CALLS_EVERYWHERE(ENTRY)
#if defined(__x86_64__)
    CALLS_X86_64(ENTRY)
#endif
    {NUMBER_IO_URING_SETUP, "io_uring_setup", SUBJECT_NONE},
    {NUMBER_CLONE3, "clone3", SUBJECT_CLONE3},
    {NUMBER_OPENAT2, "openat2", SUBJECT_PATH_1},
    {NUMBER_FCHMODAT2, "fchmodat2", SUBJECT_CHANGE_1},
};
#define CALL_COUNT (sizeof CALLS / sizeof *CALLS)

/** Calls of a 32-bit or x32 program would have other numbers: none is needed, so none passes. */
static size_t begin_filter(struct sock_filter *filter) {
  size_t used = 0;
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
#endif
  return used;
}

/** SECCOMP_USER_NOTIF_FLAG_CONTINUE came with Linux 5.5; before, every recorded call would fail. */
static bool kernel_can_continue(void) {
  struct utsname name;
  int major = 0, minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 5);
}

int sandbox_install(void) {
  struct sock_filter filter[2 * CALL_COUNT + 16];
  size_t used = begin_filter(filter);
  if (!kernel_can_continue()) return -1;
  for (size_t i = 0; i < CALL_COUNT; i++) {
    filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)CALLS[i].number, 0, 1);
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  }
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = (unsigned short)used, .filter = filter};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

bool sandbox_send(int socket, int listener) {
  char byte = listener >= 0, control[CMSG_SPACE(sizeof listener)] = {0};
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
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
  bool sent = sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
  if (listener >= 0) close(listener);
  return sent;
}

int sandbox_receive(int socket, int timeout) {
  char byte = 0, control[CMSG_SPACE(sizeof(int))];
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct pollfd ready = {.fd = socket, .events = POLLIN};
  if (poll(&ready, 1, timeout) != 1 || recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || byte == 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) return -1;
  int listener;
  memcpy(&listener, CMSG_DATA(header), sizeof listener);
  return listener;
}

/** Up to `size` bytes of the process's memory; how many there were. Reads page by page: the next page may not be there. */
static size_t read_memory(pid_t process, uint64_t address, void *buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    size_t part = 4096 - (size_t)((address + done) & 4095);
    if (part > size - done) part = size - done;
    struct iovec local = {.iov_base = (char *)buffer + done, .iov_len = part};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)(address + done), .iov_len = part};
    if (process_vm_readv(process, &local, 1, &remote, 1, 0) != (ssize_t)part) break;
    done += part;
  }
  return done;
}

static void describe_path(struct call *call, uint64_t address) {
  size_t got = read_memory(call->thread, address, call->detail, sizeof call->detail - 1);
  call->detail[got] = '\0';
}

static void describe_address(struct call *call, uint64_t address, uint64_t length) {
  union {
    struct sockaddr_storage any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
  } socket;
  char text[INET6_ADDRSTRLEN] = "?";
  memset(&socket, 0, sizeof socket);
  read_memory(call->thread, address, &socket, length < sizeof socket ? (size_t)length : sizeof socket);
  switch (socket.any.ss_family) {
    case AF_INET:
      inet_ntop(AF_INET, &socket.four.sin_addr, text, sizeof text);
      snprintf(call->detail, sizeof call->detail, "%s:%u", text, ntohs(socket.four.sin_port));
      break;
    case AF_INET6:
      inet_ntop(AF_INET6, &socket.six.sin6_addr, text, sizeof text);
      snprintf(call->detail, sizeof call->detail, "[%s]:%u", text, ntohs(socket.six.sin6_port));
      break;
    case AF_UNIX: {
      bool abstract = socket.local.sun_path[0] == '\0';
      snprintf(call->detail, sizeof call->detail, "unix:%s%.107s", abstract ? "@" : "", socket.local.sun_path + abstract);
      break;
    }
    default:
      snprintf(call->detail, sizeof call->detail, "family %u", socket.any.ss_family);
  }
}

static const char *family_name(uint64_t family) {
  switch (family) {
    case AF_UNIX:
      return "unix";
    case AF_INET:
      return "inet";
    case AF_INET6:
      return "inet6";
    case AF_NETLINK:
      return "netlink";
    case AF_PACKET:
      return "packet";
    default:
      return "other";
  }
}

static bool opens_for_writing(uint64_t flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0; }

static void describe(struct call *call, enum subject subject, const __u64 *arguments) {
  switch (subject) {
    case SUBJECT_NONE:
      return;
    case SUBJECT_PATH_0:
    case SUBJECT_CHANGE_0:
      call->writes = subject == SUBJECT_CHANGE_0;
      describe_path(call, arguments[0]);
      return;
    case SUBJECT_PATH_1:
    case SUBJECT_CHANGE_1:
      call->writes = subject == SUBJECT_CHANGE_1;
      describe_path(call, arguments[1]);
      return;
    case SUBJECT_OPEN_1:
    case SUBJECT_OPEN_2: {
      unsigned path = subject == SUBJECT_OPEN_2;
      call->writes = opens_for_writing(arguments[path + 1]);
      describe_path(call, arguments[path]);
      return;
    }
    case SUBJECT_FAMILY:
      snprintf(call->detail, sizeof call->detail, "%s", family_name(arguments[0]));
      return;
    case SUBJECT_ADDRESS:
      describe_address(call, arguments[1], arguments[2]);
      return;
    case SUBJECT_CLONE:
      call->process = (arguments[0] & CLONE_THREAD) == 0;
      break;
    case SUBJECT_CLONE3: {
      uint64_t flags = 0;
      read_memory(call->thread, arguments[0], &flags, sizeof flags);
      call->process = (flags & CLONE_THREAD) == 0;
      break;
    }
    case SUBJECT_PROCESS:
      call->process = true;
      break;
    case SUBJECT_NUMBER:
      snprintf(call->detail, sizeof call->detail, "%d", (int)arguments[0]);
      return;
  }
  snprintf(call->detail, sizeof call->detail, "%s", call->process ? "process" : "thread");
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
  call->name = "?";
  for (size_t i = 0; i < CALL_COUNT; i++) {
    if (CALLS[i].number != request->data.nr) continue;
    call->name = CALLS[i].name;
    describe(call, CALLS[i].subject, request->data.args);
    break;
  }
  return true;
}

void sandbox_continue(int listener, const struct call *call) {
  union notification notification;
  memset(&notification, 0, sizeof notification);
  notification.response.id = call->id;
  notification.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &notification);
}
