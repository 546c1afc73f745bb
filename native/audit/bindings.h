/**
 * Symbols that are bound through the tables of addresses in a file's data (the types GLOB_DAT and 64 bits absolute): pointers to
 * functions, and data. The audit interface has a word for calls only.
 */
#ifndef PLUGIN_GATE_BINDINGS_H
#define PLUGIN_GATE_BINDINGS_H

#include "object.h"

/** Of a file that is relocated and whose constructors come next: each symbol that it takes from another file. */
void bindings_tell(const struct object *object, uint32_t number);

#endif
