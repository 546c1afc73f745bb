/** What the supervisor sees of the child by itself, in /proc, without asking it. */
#ifndef PLUGIN_GATE_OBSERVE_H
#define PLUGIN_GATE_OBSERVE_H

#include "check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
  uint64_t start;
  uint64_t end;
  uint64_t offset;
  bool writable;
  bool executable;
  const char *path; /* "" when anonymous; `[heap]` and the like for the kernel's own names */
};

/** The mappings of a process; owns the text that the paths point into. */
struct maps {
  struct mapping *entries;
  size_t count;
  char *text;
};

/** Reads /proc/PID/maps; false when it cannot be read. Give back with maps_free() either way. */
bool maps_read(pid_t process, struct maps *maps);

void maps_free(struct maps *maps);

/** The mapping that holds an address, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t address);

/** Whether any mapping is of this file. */
bool maps_has(const struct maps *maps, const char *path);

/** The address of the file's first byte in memory, from which symbol addresses and return addresses are counted; 0: none. */
uint64_t maps_base(const struct maps *maps, const char *path);

/** How far the dynamic linker got with a file, by the protection of its RELRO region: it is sealed after relocation. */
enum stage { STAGE_UNKNOWN, STAGE_RELOCATING, STAGE_RELOCATED };
enum stage maps_stage(const struct maps *maps, const char *path, const struct layout *layout);

/** Sizes in KiB; -1 when it could not be read. */
struct usage {
  int64_t resident;
  int64_t virtual_size;
  int64_t threads;
  int64_t descriptors;
};
void usage_read(pid_t process, struct usage *usage);

/** Where a thread waits in the kernel: system call, first argument, stack pointer, program counter. */
struct position {
  bool known;
  int64_t call;
  uint64_t descriptor;
  uint64_t stack;
  uint64_t counter;
};

/** The position of a process's main thread; unknown while it runs, and where the kernel does not tell. */
struct position position_read(pid_t process);

bool position_equal(const struct position *left, const struct position *right);

/** Bytes of code before a return address that tell whether there is a call. */
#define CALL_BYTES 8

/** Whether code ends with a call: stacks hold the addresses of functions too, and those have none before them. */
bool is_call(const unsigned char code[CALL_BYTES]);

/** Whether code before an address ends with a call. Code that may be run and not read is taken at its word. */
bool is_return_address(pid_t process, uint64_t address);

/** Whether an address on a stack is one that is looked for; `mapping` holds it. */
typedef bool address_test(const void *context, const struct mapping *mapping, uint64_t address);

/**
 * The first address on a stack, from `stack` upwards, that lies in executable memory of a file and passes the test; 0: none.
 * `maps` may be older than the stack: what is looked for can be gone.
 */
uint64_t stack_search(pid_t process, uint64_t stack, const struct maps *stacks, const struct maps *maps, address_test *test,
                      const void *context);

/** As stack_search(), for a return address into a file, by its path. */
uint64_t stack_find(pid_t process, uint64_t stack, const struct maps *maps, const char *path);

/** The words from `stack` upwards to the end of its mapping, as many as are read; valid until the next call. */
const uint64_t *stack_read(pid_t process, uint64_t stack, const struct maps *maps, size_t *count);

/** As stack_find(), for any file that was not mapped before. */
uint64_t stack_find_new(pid_t process, uint64_t stack, const struct maps *maps, const struct maps *before);

#endif
