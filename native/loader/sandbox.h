/**
 * The barrier around the plugin's process. A seccomp filter lets through what the profile always allows, kills calls of other
 * architectures, and sends every other call to the supervisor before it runs; the supervisor decides by phase (policy.h), writes
 * it down with its arguments and the place in the plugin that called, and lets it run or gives it an error.
 *
 * A call that is let run is carried out by the kernel from the process's own memory (SECCOMP_USER_NOTIF_FLAG_CONTINUE): a path
 * can be changed after the look. So decisions rest on registers alone, and files on Landlock (landlock.h). Needs Linux 5.5.
 */
#ifndef PLUGIN_GATE_SANDBOX_H
#define PLUGIN_GATE_SANDBOX_H

#include "calls.h"
#include "policy.h"

#include <stdbool.h>

/** What the child obtained before any plugin code ran. */
struct barrier {
  int listener; /* -1: system calls are neither restricted nor recorded */
  int landlock; /* ABI in force; 0: none */
};

/**
 * Called in the child, after no_new_privs is set: Landlock, then the filter; passes its listener over the socket and closes it
 * here. `control` and `release` are the loader's own descriptors. False when the socket is gone.
 */
bool sandbox_enter(const struct policy *policy, int control, int release);

/** Takes what sandbox_enter() passed. Waits for it at most `timeout` milliseconds. */
struct barrier sandbox_receive(int socket, int timeout);

/** Takes one waiting call; false when none is there any more. */
bool sandbox_take(int listener, struct call *call);

/** Lets the call run (0), or makes it fail with an error number. */
void sandbox_answer(int listener, const struct call *call, int error);

#endif
