/** In the child: two slots, each with a release of the plugin, and a thread that calls the one that is in use. */
#ifndef PLUGIN_GATE_SWAP_H
#define PLUGIN_GATE_SWAP_H

#include "job.h"
#include "protocol.h"

/** Carries out one step of a rehearsal; `value` of the result is 1 when it came to what it should. */
void swap_step(const struct job *job, const struct command *command, struct message *result);

#endif
