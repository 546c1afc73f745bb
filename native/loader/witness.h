/** What the supervisor itself sees of the child between two steps, and says of it. */
#ifndef PLUGIN_GATE_WITNESS_H
#define PLUGIN_GATE_WITNESS_H

#include "supervisor.h"

/** Reports new files and the state of the process; `now` and `threads` of the supervisor are renewed. */
void observe(struct supervisor *supervisor);

/** Whether the plugin's file is in memory: seen, or, where it could not be seen, the child's word. */
bool is_mapped(const struct supervisor *supervisor, bool told);

/** File and offset of an address, under the names of two fields; nothing for memory that is of no mapping. */
void event_place(struct event *event, const struct maps *maps, const char *object, const char *offset, uint64_t address);

#endif
