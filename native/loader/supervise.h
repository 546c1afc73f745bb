/** The supervisor: starts the child, walks it through the steps, sees for itself, and writes the report. */
#ifndef PLUGIN_GATE_SUPERVISE_H
#define PLUGIN_GATE_SUPERVISE_H

#include "check.h"
#include "job.h"

/** Runs a whole job on a file that check_file() has passed. All results go to the report. */
void supervise(const struct job *job, const struct layout *layout);

#endif
