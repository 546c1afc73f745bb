/** Writing records of the trail (native/loader/trail.h). */
#ifndef PLUGIN_GATE_WRITE_H
#define PLUGIN_GATE_WRITE_H

#include "../loader/trail.h"

#include <stdbool.h>
#include <stddef.h>

/** Maps the file that the environment names; without one nothing is written. */
void trail_open(char *const *environment);

/** Whether there is a trail to write to. */
bool trail_is_open(void);

/**
 * Appends a record, from any thread, without locks. Its size and time are filled in here. The texts may be NULL; the second
 * follows the first.
 */
void trail_write(struct trail_record record, const char *text, const char *second);

#endif
