/** The steps of a load, each with its phase and its results in the report. All but `message` ends the run. */
#ifndef PLUGIN_GATE_STEPS_H
#define PLUGIN_GATE_STEPS_H

#include "supervisor.h"

enum outcome open_plugin(struct supervisor *supervisor, bool *opened);
enum outcome look_up_symbols(struct supervisor *supervisor);
enum outcome call_probes(struct supervisor *supervisor);

/** dlclose, unless the job or the profile leaves it out. */
enum outcome close_plugin(struct supervisor *supervisor);

/** Lets the child end by exit(0). True when it did just that. */
bool let_exit(struct supervisor *supervisor, enum outcome *outcome);

#endif
