#include "landlock.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers and structures of linux/landlock.h, which the headers of older systems lack. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define QUERY_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE 1u
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_FIRST_ABI 0x1fffu /* EXECUTE to MAKE_SYM */
#define FS_REFER (1u << 13)
#define FS_TRUNCATE (1u << 14)
#define FS_IOCTL_DEVICE (1u << 15)
#define NET_TCP 3u
#define SCOPE_ABSTRACT_SOCKET 1u
#define SCOPE_SIGNAL 2u

/** Of the first ABI: making and removing files, directories, links, pipes and sockets; no devices. */
#define FS_CHANGE 0x17b0u

struct ruleset {
  uint64_t files;
  uint64_t network; /* from ABI 4 */
  uint64_t scoped;  /* from ABI 6 */
};

struct path_beneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

/** Rights that make sense for directories alone are refused for a file. */
static void allow_beneath(int ruleset, const char *path, uint64_t file_rights, uint64_t directory_rights) {
  struct stat status;
  int descriptor = open(path, O_PATH | O_CLOEXEC);
  if (descriptor < 0) return;
  struct path_beneath rule = {.allowed = file_rights, .parent = descriptor};
  if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) rule.allowed |= directory_rights;
  syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
  close(descriptor);
}

static uint64_t file_rights_of(int abi) {
  return FS_FIRST_ABI | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEVICE : 0);
}

int landlock_enforce(const struct policy *policy) {
  int abi = (int)syscall(CREATE_RULESET, NULL, 0, QUERY_VERSION);
  bool files = policy->profile != PROFILE_AUDIT;
  if (abi < 1 || (!files && abi < 4)) return 0;
  /* What the configuration allows by name must not fail here: there is no finer rule for it in this layer. */
  bool sockets = policy_mentions(policy, "connect bind");
  uint64_t scoped = (sockets ? 0 : SCOPE_ABSTRACT_SOCKET) | (policy_mentions(policy, "kill tkill tgkill") ? 0 : SCOPE_SIGNAL);
  struct ruleset wanted = {
      .files = files ? file_rights_of(abi) : 0,
      .network = abi >= 4 && !sockets ? NET_TCP : 0,
      .scoped = abi >= 6 && files ? scoped : 0,
  };
  if (policy_mentions(policy, "execve execveat")) wanted.files &= ~(uint64_t)FS_EXECUTE;
  if (wanted.files == 0 && wanted.network == 0) return 0;
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int ruleset = (int)syscall(CREATE_RULESET, &wanted, size, 0);
  if (ruleset < 0) return 0;
  if (files) {
    uint64_t write = FS_WRITE_FILE | (abi >= 3 ? FS_TRUNCATE : 0);
    for (size_t i = 0; i < policy->readable_count; i++) allow_beneath(ruleset, policy->readable[i], FS_READ_FILE, FS_READ_DIR);
    for (size_t i = 0; i < policy->writable_count; i++)
      allow_beneath(ruleset, policy->writable[i], FS_READ_FILE | write, FS_READ_DIR | FS_CHANGE);
    allow_beneath(ruleset, "/proc/self", FS_READ_FILE, FS_READ_DIR);
    allow_beneath(ruleset, "/dev/null", FS_READ_FILE | write, 0);
    /* Before any plugin code there is, both are used; later, what is executed and written by path is denied by the supervisor. */
    for (size_t i = 0; i < policy->executable_count; i++)
      allow_beneath(ruleset, policy->executable[i], FS_READ_FILE | (uint64_t)(wanted.files & FS_EXECUTE), 0);
    if (policy->trail != NULL) allow_beneath(ruleset, policy->trail, FS_READ_FILE | FS_WRITE_FILE, 0);
  }
  bool enforced = syscall(RESTRICT_SELF, ruleset, 0) == 0;
  close(ruleset);
  return enforced ? abi : 0;
}
