/** The real path of what a system call of another process names, as far as it can be told from outside. */
#ifndef PLUGIN_GATE_PATHS_H
#define PLUGIN_GATE_PATHS_H

#include <stdbool.h>
#include <sys/types.h>

/** Linux: PATH_MAX. */
#define PATH_LIMIT 4096

/**
 * Follows a path as the thread would: from its working directory or a directory descriptor, with its own /proc/self.
 * True when the file exists. When it does not, `path` is what its parent would make of it; empty when that is not there
 * either. Between this look and the call the process can change what is there: Landlock is the barrier, this names the case.
 */
bool path_resolve(pid_t thread, pid_t process, int directory, const char *text, char path[PATH_LIMIT]);

#endif
