/**
 * The checks on the bytes of the file before any of it is mapped. ld.so trusts program headers: a PT_LOAD beyond the
 * end of the file is a SIGBUS inside dlopen, and a file of another machine is reported as "No such file".
 */
#ifndef PLUGIN_GATE_CHECK_H
#define PLUGIN_GATE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/** What later observation needs of the program headers. */
struct layout {
  uint64_t first_address; /* p_vaddr of the first PT_LOAD: where file offset 0 lies, relative to the load bias */
  uint64_t relro_address; /* PT_GNU_RELRO; size 0 when the file has none */
  uint64_t relro_size;
};

/** The machine this loader was built for, as in the gABI registry: `x86-64`, `aarch64`. */
extern const char MACHINE[];

/**
 * Checks an open file against the gABI: magic, class, byte order, machine, type, and every PT_LOAD against the size
 * of the file. Returns NULL and fills the layout, or a word for the problem:
 * `unreadable`, `not-elf`, `class`, `endian`, `machine`, `type`, `truncated`, `malformed`.
 */
const char *check_file(int descriptor, struct layout *layout);

#endif
