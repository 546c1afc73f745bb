#include "observe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/** A process may have 65530 mappings by default, of about 100 bytes of text each. */
#define MAPS_LIMIT (16u << 20)

/** Words of stack that are searched for a return address. */
#define STACK_WORDS 2048

/** The text of a /proc file with a closing NUL, or NULL. */
static char *read_proc(pid_t process, const char *name, size_t limit) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return NULL;
  size_t capacity = 8192, used = 0;
  char *text = malloc(capacity);
  while (text != NULL) {
    ssize_t got = read(descriptor, text + used, capacity - used - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || used + (size_t)got > limit) {
      free(text);
      text = NULL;
      break;
    }
    if (got == 0) {
      text[used] = '\0';
      break;
    }
    used += (size_t)got;
    if (capacity - used < 2) {
      char *larger = realloc(text, capacity * 2);
      if (larger == NULL) free(text);
      text = larger;
      capacity *= 2;
    }
  }
  close(descriptor);
  return text;
}

/** `start-end perms offset device inode   path`; false for a line of another form. */
static bool parse_mapping(char *line, struct mapping *mapping) {
  char permissions[8];
  int path = 0;
  if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s%n", &mapping->start, &mapping->end, permissions,
             &mapping->offset, &path) < 4 ||
      path == 0)
    return false;
  mapping->writable = permissions[1] == 'w';
  mapping->executable = permissions[2] == 'x';
  while (line[path] == ' ') path++;
  mapping->path = line + path;
  return true;
}

bool maps_read(pid_t process, struct maps *maps) {
  size_t lines = 1;
  *maps = (struct maps){.text = read_proc(process, "maps", MAPS_LIMIT)};
  if (maps->text == NULL || *maps->text == '\0') return false;
  for (const char *c = maps->text; *c != '\0'; c++) lines += *c == '\n';
  maps->entries = calloc(lines, sizeof *maps->entries);
  if (maps->entries == NULL) return false;
  for (char *line = maps->text, *next; line != NULL && *line != '\0'; line = next) {
    next = strchr(line, '\n');
    if (next != NULL) *next++ = '\0';
    if (parse_mapping(line, &maps->entries[maps->count])) maps->count++;
  }
  return true;
}

void maps_free(struct maps *maps) {
  free(maps->entries);
  free(maps->text);
  *maps = (struct maps){0};
}

const struct mapping *maps_find(const struct maps *maps, uint64_t address) {
  for (size_t i = 0; i < maps->count; i++) {
    if (address >= maps->entries[i].start && address < maps->entries[i].end) return &maps->entries[i];
  }
  return NULL;
}

/** The kernel appends ` (deleted)` to the name of a file that was removed or replaced. */
static bool same_file(const char *mapped, const char *path) {
  size_t length = strlen(path);
  return strncmp(mapped, path, length) == 0 && (mapped[length] == '\0' || strcmp(mapped + length, " (deleted)") == 0);
}

bool maps_has(const struct maps *maps, const char *path) {
  for (size_t i = 0; i < maps->count; i++) {
    if (same_file(maps->entries[i].path, path)) return true;
  }
  return false;
}

uint64_t maps_base(const struct maps *maps, const char *path) {
  for (size_t i = 0; i < maps->count; i++) {
    const struct mapping *mapping = &maps->entries[i];
    if (same_file(mapping->path, path) && mapping->offset <= mapping->start) return mapping->start - mapping->offset;
  }
  return 0;
}

enum stage maps_stage(const struct maps *maps, const char *path, const struct layout *layout) {
  uint64_t base = maps_base(maps, path), page = (uint64_t)sysconf(_SC_PAGESIZE);
  if (base == 0 || layout->relro_size == 0) return STAGE_UNKNOWN;
  /* As in ld.so (_dl_protect_relro): whole pages only, the end rounded down. */
  uint64_t start = (base - layout->first_address + layout->relro_address) & ~(page - 1);
  uint64_t end = (base - layout->first_address + layout->relro_address + layout->relro_size) & ~(page - 1);
  const struct mapping *mapping = maps_find(maps, start);
  if (end <= start || mapping == NULL) return STAGE_UNKNOWN;
  return mapping->writable ? STAGE_RELOCATING : STAGE_RELOCATED;
}

/** The number after `name:` in a status file, or -1. */
static int64_t status_field(const char *status, const char *name) {
  const char *line = strstr(status, name);
  int64_t number = -1;
  if (line == NULL || sscanf(line + strlen(name), "%" SCNd64, &number) != 1) return -1;
  return number;
}

static int64_t count_descriptors(pid_t process) {
  char path[64];
  int64_t count = 0;
  snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
  DIR *directory = opendir(path);
  if (directory == NULL) return -1;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

void usage_read(pid_t process, struct usage *usage) {
  *usage = (struct usage){-1, -1, -1, -1};
  char *status = read_proc(process, "status", 65536);
  if (status != NULL) {
    /* A process can choose its own name, on the first line, but a line feed in it is written as \n. */
    usage->resident = status_field(status, "\nVmRSS:");
    usage->virtual_size = status_field(status, "\nVmSize:");
    usage->threads = status_field(status, "\nThreads:");
    free(status);
  }
  usage->descriptors = count_descriptors(process);
}

struct position position_read(pid_t process) {
  struct position position = {0};
  char *text = read_proc(process, "syscall", 4096);
  if (text == NULL) return position;
  /* proc(5): number, six arguments, stack pointer, program counter; `running` while it runs. */
  position.known = sscanf(text, "%" SCNd64 " 0x%" SCNx64 " %*s %*s %*s %*s %*s 0x%" SCNx64 " 0x%" SCNx64, &position.call,
                          &position.descriptor, &position.stack, &position.counter) == 4;
  free(text);
  return position;
}

bool position_equal(const struct position *left, const struct position *right) {
  return left->known && right->known && left->call == right->call && left->descriptor == right->descriptor &&
         left->stack == right->stack && left->counter == right->counter;
}

const uint64_t *stack_read(pid_t process, uint64_t stack, const struct maps *maps, size_t *count) {
  static uint64_t words[STACK_WORDS];
  const struct mapping *area = maps_find(maps, stack);
  *count = 0;
  if (area == NULL) return words;
  size_t length = area->end - stack < sizeof words ? (size_t)(area->end - stack) : sizeof words;
  struct iovec local = {.iov_base = words, .iov_len = length};
  struct iovec remote = {.iov_base = (void *)(uintptr_t)stack, .iov_len = length};
  ssize_t got = process_vm_readv(process, &local, 1, &remote, 1, 0);
  if (got > 0) *count = (size_t)got / sizeof *words;
  return words;
}

uint64_t stack_search(pid_t process, uint64_t stack, const struct maps *stacks, const struct maps *maps, address_test *test,
                      const void *context) {
  size_t count;
  const uint64_t *words = stack_read(process, stack, stacks, &count);
  for (size_t i = 0; i < count; i++) {
    const struct mapping *mapping = maps_find(maps, words[i]);
    /* The beginning of a file in memory stands on stacks too: no call comes before it. */
    if (mapping != NULL && mapping->executable && mapping->path[0] == '/' && words[i] - mapping->start >= CALL_BYTES &&
        test(context, mapping, words[i]))
      return words[i];
  }
  return 0;
}

bool is_call(const unsigned char code[CALL_BYTES]) {
#if defined(__x86_64__)
  /* Intel SDM, CALL: E8 with 4 bytes; FF /2 with a register, or with memory and 0, 1 or 4 bytes of displacement, and SIB. */
  if (code[CALL_BYTES - 5] == 0xe8) return true;
  for (unsigned length = 2; length <= 7; length++) {
    const unsigned char *call = code + CALL_BYTES - length;
    if (call[0] == 0xff && (call[1] & 0x38) == 0x10) return true;
  }
  return false;
#else
  /* Arm ARM, C6.2: BL; BLR and its forms with pointer authentication. */
  uint32_t word = (uint32_t)code[4] | (uint32_t)code[5] << 8 | (uint32_t)code[6] << 16 | (uint32_t)code[7] << 24;
  return (word & 0xfc000000) == 0x94000000 || (word & 0xfefff000) == 0xd63f0000;
#endif
}

bool is_return_address(pid_t process, uint64_t address) {
  unsigned char code[CALL_BYTES];
  struct iovec local = {.iov_base = code, .iov_len = sizeof code};
  struct iovec remote = {.iov_base = (void *)(uintptr_t)(address - sizeof code), .iov_len = sizeof code};
  return process_vm_readv(process, &local, 1, &remote, 1, 0) != (ssize_t)sizeof code || is_call(code);
}

struct in_file {
  pid_t process;
  const char *path;
};

static bool returns_to_file(const void *context, const struct mapping *mapping, uint64_t address) {
  const struct in_file *wanted = context;
  return same_file(mapping->path, wanted->path) && is_return_address(wanted->process, address);
}

uint64_t stack_find(pid_t process, uint64_t stack, const struct maps *maps, const char *path) {
  const struct in_file wanted = {.process = process, .path = path};
  return stack_search(process, stack, maps, maps, returns_to_file, &wanted);
}

struct in_new {
  pid_t process;
  const struct maps *before;
};

static bool returns_to_new(const void *context, const struct mapping *mapping, uint64_t address) {
  const struct in_new *wanted = context;
  return !maps_has(wanted->before, mapping->path) && is_return_address(wanted->process, address);
}

uint64_t stack_find_new(pid_t process, uint64_t stack, const struct maps *maps, const struct maps *before) {
  const struct in_new wanted = {.process = process, .before = before};
  return stack_search(process, stack, maps, maps, returns_to_new, &wanted);
}
