/** What happens while the supervisor waits: system calls that are decided and written down, and crashes. */
#ifndef PLUGIN_GATE_RECORD_H
#define PLUGIN_GATE_RECORD_H

#include "supervisor.h"

/** Decides about a system call that waits, and writes it down. `context` is the supervisor. 0, or the error that it gets. */
int record_call(void *context, struct call *call);

/** Reports where the child crashed; it still has its memory. `context` is the supervisor. */
void record_crash(void *context);

#endif
