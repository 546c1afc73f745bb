/**
 * System calls without a C library: the audit library has a namespace of its own, into which a C library would have to be loaded
 * a second time, with its thread-local storage taken from what plugins have.
 */
#ifndef PLUGIN_GATE_SYSTEM_H
#define PLUGIN_GATE_SYSTEM_H

#include <sys/syscall.h>

/** The kernel's answer: a value, or the negative error number. */
static inline long call_kernel(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long call __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  register long fifth __asm__("x4") = e;
  register long sixth __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(first)
                   : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "memory");
  return first;
#else
#error "the audit library is built for x86-64 and aarch64"
#endif
}

#endif
