/** The child: carries out one step after the other on command of the supervisor. Plugin code runs here and only here. */
#ifndef PLUGIN_GATE_LOAD_H
#define PLUGIN_GATE_LOAD_H

#include "job.h"

/** Serves commands on the control descriptor until the supervisor lets it end. */
_Noreturn void load_run(const struct job *job, int control);

#endif
