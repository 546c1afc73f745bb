/** Processes that outlive the plugin's own: found, reported, and ended, whether or not they became daemons. */
#ifndef PLUGIN_GATE_REAP_H
#define PLUGIN_GATE_REAP_H

#include "confine.h"

/**
 * Called when the child has ended and was waited for. Gives its descendants a moment to end by themselves, then reports
 * each that is left as a `leftover` event and kills all, the namespace's first process included.
 * Returns how many were left.
 */
unsigned reap_leftovers(const struct isolation *isolation);

#endif
