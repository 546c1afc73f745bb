/** Names and numbers of system calls, of this architecture. */
#ifndef PLUGIN_GATE_NAMES_H
#define PLUGIN_GATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/** Highest number that has a name; the architectures stay below. */
#define HIGHEST_CALL 511

/** Number of a call by the kernel's name for it (`openat`), or -1 when this architecture has none. */
int call_number(const char *name);

/** Name of a call; `call 999` for one that is newer than the table, in a buffer that the next such call overwrites. */
const char *call_name(int number);

/** Whether a list of names, divided by blanks, holds the name of this number. */
bool call_listed(const char *names, int number);

#endif
