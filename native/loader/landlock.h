/**
 * Landlock: the barrier for files, which looks at what is opened and not at the text of a path, so nothing can be changed
 * between the look and the use. Linux 5.13 and later, where it is switched on.
 */
#ifndef PLUGIN_GATE_LANDLOCK_H
#define PLUGIN_GATE_LANDLOCK_H

#include "policy.h"

/**
 * Called in the child, after no_new_privs is set. Reading is allowed beneath the readable paths and the process's own /proc
 * directory, writing beneath the writable ones; all else is refused, with TCP (ABI 4), and signals and abstract sockets out of
 * the process (ABI 6). With `audit` only TCP. Returns the ABI that is in force, or 0.
 */
int landlock_enforce(const struct policy *policy);

#endif
