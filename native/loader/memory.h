/** Code in the child's memory that can be, or was, written to. */
#ifndef PLUGIN_GATE_MEMORY_H
#define PLUGIN_GATE_MEMORY_H

#include "supervisor.h"

/**
 * An event for each file whose code is not what the file holds (pages of it were copied for writing), and for each that is
 * writable and executable at once. Before any plugin code, what is told is the loader's own; the driver takes that off.
 */
void report_code(const struct supervisor *supervisor);

#endif
