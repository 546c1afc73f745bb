/** Threads that outlive their code: dlclose has taken it away, and they still have to return there. */
#ifndef PLUGIN_GATE_OUTLIVE_H
#define PLUGIN_GATE_OUTLIVE_H

#include "supervisor.h"

/**
 * Looks for threads of the child that wait in a call and have a return address in a file that is no longer mapped, and reports
 * them. One that runs at this moment is not seen; it crashes by itself. How many were found.
 * @param loaded mappings before the file was closed; `now` of the supervisor holds those after
 */
unsigned report_outliving(const struct supervisor *supervisor, const struct maps *loaded);

#endif
