/**
 * Constructors, one by one, with the time of each. The audit interface has no word for them, so the two entries of the dynamic
 * section by which the dynamic linker finds them are pointed here, while the file is mapped and before it is relocated; the
 * functions run are the same, in the same order, with the same arguments.
 */
#ifndef PLUGIN_GATE_CONSTRUCTORS_H
#define PLUGIN_GATE_CONSTRUCTORS_H

#include "object.h"

/** Of a file that has just been mapped. Does nothing where its dynamic section cannot be written. */
void constructors_watch(struct object *object, uint32_t number);

#endif
