#include "write.h"

#include "system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

static struct trail *trail;
static uint64_t room; /* bytes for records */

/** The value of the variable, or NULL. */
static const char *value_of(char *const *environment, const char *name) {
  for (; environment != NULL && *environment != NULL; environment++) {
    const char *entry = *environment, *letter = name;
    while (*letter != '\0' && *entry == *letter) entry++, letter++;
    if (*letter == '\0' && *entry == '=') return entry + 1;
  }
  return NULL;
}

/** By lseek: struct stat differs between the architectures, and between the kernel and the C library. */
void trail_open(char *const *environment) {
  const char *path = value_of(environment, TRAIL_VARIABLE);
  if (path == NULL) return;
  long file = call_kernel(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0, 0, 0);
  if (file < 0) return;
  long size = call_kernel(SYS_lseek, file, 0, 2 /* SEEK_END */, 0, 0, 0);
  if (size > (long)sizeof *trail) {
    long area = call_kernel(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (area > 0 || area < -4095) {
      trail = (struct trail *)area;
      room = (uint64_t)size - sizeof *trail;
      trail->magic = TRAIL_MAGIC;
    }
  }
  call_kernel(SYS_close, file, 0, 0, 0, 0, 0);
}

bool trail_is_open(void) { return trail != NULL; }

static size_t length_of(const char *text) {
  size_t length = 0;
  while (text != NULL && length < TRAIL_TEXT - 1 && text[length] != '\0') length++;
  return length;
}

/** Volatile: a compiler would make a call of memcpy of it, and there is no C library. */
static char *append(char *to, const char *text, size_t length) {
  volatile char *place = to;
  for (size_t i = 0; i < length; i++) place[i] = text[i];
  place[length] = '\0';
  return to + length + 1;
}

void trail_write(struct trail_record record, const char *text, const char *second) {
  if (trail == NULL) return;
  struct timespec now = {0};
  size_t lengths[2] = {length_of(text), length_of(second)};
  uint64_t size = (sizeof record + lengths[0] + lengths[1] + 2 + 7) & ~UINT64_C(7);
  /* The plugin can write to all of this: what is read back is checked against what is known to be true. */
  uint64_t at = __atomic_fetch_add(&trail->used, size, __ATOMIC_RELAXED);
  if (at > room || size > room - at || at % 8 != 0) {
    __atomic_fetch_add(&trail->lost, 1, __ATOMIC_RELAXED);
    return;
  }
  call_kernel(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
  char *place = (char *)(trail + 1) + at;
  append(append(place + sizeof record, text, lengths[0]), second, lengths[1]);
  struct trail_record *written = (struct trail_record *)place;
  written->kind = record.kind;
  written->flags = record.flags;
  written->time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  written->value = record.value;
  written->from = record.from;
  written->to = record.to;
  __atomic_store_n(&written->size, (uint32_t)size, __ATOMIC_RELEASE);
}
