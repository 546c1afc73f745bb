/** The supervisor's state, which its parts share, and the phases that name every event. */
#ifndef PLUGIN_GATE_SUPERVISOR_H
#define PLUGIN_GATE_SUPERVISOR_H

#include "child.h"
#include "observe.h"
#include "policy.h"
#include "report.h"

struct supervisor {
  const struct job *job;
  const struct layout *layout;
  struct child child;
  struct maps before; /* mappings while no plugin code had run */
  struct maps now;    /* mappings after the last observed step; empty when they could not be read */
  struct position home;
  const char *phase;
  int64_t index;
  enum stretch stretch; /* decides what is allowed; only moves forward */
  unsigned calls;       /* recorded system calls so far */
  unsigned denied;      /* system calls that were not allowed to run */
  int64_t threads; /* of the child, when last observed */
};

/** `index` tells which probe or which step of a rehearsal; -1 for phases that come once. */
void begin_phase(struct supervisor *supervisor, const char *phase, int64_t index);
void end_phase(struct supervisor *supervisor);

/** The phase and its index, on every event of a step. */
void event_phase(struct event *event, const struct supervisor *supervisor);

/** Bytes that were printed since the last phase ended. */
void report_output(struct supervisor *supervisor);

#endif
