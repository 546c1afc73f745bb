/**
 * What hosts do over a long time. Cycles: load and unload, over and over. The rehearsal of a hot swap: the previous release serves a caller that calls all the while, the new release is opened beside
 * it, refused once as if it were not healthy, opened again, switched to, and switched back from.
 */
#ifndef PLUGIN_GATE_REHEARSE_H
#define PLUGIN_GATE_REHEARSE_H

#include "supervisor.h"

/** Walks the child through the rehearsal and reports each step; stops at the first that cannot go on. */
enum outcome rehearse_swap(struct supervisor *supervisor);

/** Loads and unloads as often as the job says, and reports what the process was after the first rounds and after all. */
enum outcome run_cycles(struct supervisor *supervisor);

#endif
