/** Descriptors that the child had before any plugin code: what was done to them, and what is open besides. */
#ifndef PLUGIN_GATE_GIVEN_H
#define PLUGIN_GATE_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MOST_GIVEN 64

struct given {
  int number;
  char target[128]; /* as /proc names it: /dev/null, pipe:[4711] */
  unsigned flags;   /* open(2), with O_NONBLOCK, O_ASYNC and O_APPEND, which others can change */
};

struct given_list {
  struct given entries[MOST_GIVEN];
  size_t count;
};

/** The open descriptors of a process, the lowest first as the kernel lists them; none where they cannot be read. */
void given_read(pid_t process, struct given_list *list);

struct supervisor;

/** An event for each given descriptor that is closed, another file, or has other flags by now; and for the first that are new, if wanted. */
void report_descriptors(const struct supervisor *supervisor, bool added);

#endif
