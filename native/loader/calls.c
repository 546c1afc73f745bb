#include "calls.h"

#include "names.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define ENTRY(call, kind) {#call, kind},
static const struct {
  const char *name;
  enum subject subject;
} SUBJECTS[] = {CALLS(ENTRY)};
#define SUBJECT_COUNT (sizeof SUBJECTS / sizeof *SUBJECTS)

enum subject call_subject(int number) {
  const char *name = call_name(number);
  for (size_t i = 0; i < SUBJECT_COUNT; i++) {
    if (strcmp(SUBJECTS[i].name, name) == 0) return SUBJECTS[i].subject;
  }
  return SUBJECT_NONE;
}

/** Up to `size` bytes of the process's memory; how many there were. Reads page by page: the next page may not be there. */
size_t read_memory(pid_t process, uint64_t address, void *buffer, size_t size) {
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

void call_describe(struct call *call) {
  const uint64_t *arguments = call->arguments;
  switch (call->subject) {
    case SUBJECT_NONE:
      /* The first registers say more than nothing. */
      snprintf(call->detail, sizeof call->detail, "0x%llx, 0x%llx, 0x%llx", (unsigned long long)arguments[0],
               (unsigned long long)arguments[1], (unsigned long long)arguments[2]);
      return;
    case SUBJECT_PATH_0:
    case SUBJECT_CHANGE_0:
      call->writes = call->subject == SUBJECT_CHANGE_0;
      describe_path(call, arguments[0]);
      return;
    case SUBJECT_PATH_1:
    case SUBJECT_CHANGE_1:
      call->writes = call->subject == SUBJECT_CHANGE_1;
      describe_path(call, arguments[1]);
      return;
    case SUBJECT_OPEN_1:
    case SUBJECT_OPEN_2: {
      unsigned path = call->subject == SUBJECT_OPEN_2;
      call->writes = opens_for_writing(arguments[path + 1]);
      describe_path(call, arguments[path]);
      return;
    }
    case SUBJECT_OPENAT2: {
      uint64_t flags = O_RDWR;
      read_memory(call->thread, arguments[2], &flags, sizeof flags);
      call->writes = opens_for_writing(flags);
      describe_path(call, arguments[1]);
      return;
    }
    case SUBJECT_FAMILY:
      snprintf(call->detail, sizeof call->detail, "%s", family_name(arguments[0]));
      return;
    case SUBJECT_ADDRESS:
      describe_address(call, arguments[1], arguments[2]);
      return;
    case SUBJECT_SENT:
      if (arguments[4] != 0) describe_address(call, arguments[4], arguments[5]);
      return;
    case SUBJECT_CLONE:
      call->process = (arguments[0] & CLONE_THREAD) == 0;
      break;
    case SUBJECT_PROCESS:
      call->process = true;
      break;
    case SUBJECT_NUMBER:
      snprintf(call->detail, sizeof call->detail, "%d", (int)arguments[0]);
      return;
  }
  snprintf(call->detail, sizeof call->detail, "%s", call->process ? "process" : "thread");
}
