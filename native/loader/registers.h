/**
 * The register with the return address of a function that makes none of its own frames: on arm64 the C library's wrappers of system
 * calls leave it nowhere else, and /proc does not tell it.
 */
#ifndef PLUGIN_GATE_REGISTERS_H
#define PLUGIN_GATE_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Of a thread whose call waits for the supervisor. The thread is stopped for it (ptrace(2)): the call that it waits with is gone then,
 * and comes again. False on processors that keep return addresses on the stack, and where no process may be traced.
 */
bool return_register(pid_t thread, uint64_t *address);

#endif
