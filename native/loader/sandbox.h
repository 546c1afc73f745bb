/**
 * The record of what the plugin's process asks of the kernel. A seccomp filter sends the system calls that matter (files,
 * programs, processes, network, memory of others) to the supervisor before they run; the supervisor writes them down, with their
 * arguments and the place in the plugin that called, and lets them go on.
 *
 * A record and no barrier: between the look at an argument and its use the process can change it (SECCOMP_USER_NOTIF_FLAG_CONTINUE,
 * seccomp(2)), and nothing is refused yet. Needs Linux 5.5; under an emulator there is none.
 */
#ifndef PLUGIN_GATE_SANDBOX_H
#define PLUGIN_GATE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Called in the child, after no_new_privs is set: installs the filter and returns its listener, or -1 where it cannot be had. */
int sandbox_install(void);

/** Passes the listener (or that there is none) over a socket, and closes it here. False when the socket is gone. */
bool sandbox_send(int socket, int listener);

/** Takes what sandbox_send() passed; -1 when there is none. Waits for it at most `timeout` milliseconds. */
int sandbox_receive(int socket, int timeout);

/** A system call that waits for the supervisor. */
struct call {
  uint64_t id;
  pid_t thread;
  const char *name;
  char detail[512]; /* what it is about: a path, an address; untrusted text */
  bool writes;      /* it opens for writing, or changes the file system */
  bool process;     /* it makes a process, not a thread */
};

/** Takes one waiting call; false when none is there any more. */
bool sandbox_take(int listener, struct call *call);

/** Lets the call run. */
void sandbox_continue(int listener, const struct call *call);

#endif
