/**
 * What holds the plugin's process before any plugin code runs. Two layers, each reported as it was obtained:
 *  - around the process: a process namespace (and, without privileges, a user namespace), in which it cannot see or
 *    signal the supervisor and the driver, and which takes every process in it along when it ends. Where the kernel or
 *    a container forbids it, the supervisor is a child subreaper instead;
 *  - in the process: no new privileges, no capabilities, limits, no descriptors but its own.
 * System calls and files are restricted by sandbox.c, between confine_child() and load_run().
 */
#ifndef PLUGIN_GATE_CONFINE_H
#define PLUGIN_GATE_CONFINE_H

#include "job.h"

#include <stdbool.h>
#include <sys/types.h>

struct isolation {
  bool process_namespace;
  bool user_namespace;
  bool objects_namespace; /* of System V IPC and message queues: what is left there goes away with the last process */
  pid_t init; /* first process of the namespace, in the supervisor's numbering; 0 without one */
};

/** Makes the supervisor itself unreadable to processes of its user, and enters the namespaces if wanted and possible. */
void isolate(struct isolation *isolation, bool wanted);

/**
 * Called in the child: new session, death with the supervisor, limits, no capabilities, default signal handling.
 * Keeps standard descriptors and the two given ones, closes all others. Ends the process when a layer cannot be had
 * that every kernel has.
 */
void confine_child(const struct job *job, const struct isolation *isolation, int control, int release);

/** Exit codes of a child that could not begin or go on; a plugin can use them too, so they are a hint and no proof. */
#define CHILD_NOT_CONFINED 96
#define CHILD_LOST_CONTROL 97
#define CHILD_WITHOUT_HOST 98
#define CHILD_UNBLOCKED 99 /* its channel no longer waits */

/** The lowest number for the loader's own descriptors in the child: far from those that programs take for granted. */
#define CONTROL_FLOOR 900

#endif
