/** The supervisor's state, and what the parts of it share: phases, and single steps in lock step with the child. */
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

/** Phases are named on every event; `index` tells which probe or which step of a rehearsal, -1 for phases that come once. */
void begin_phase(struct supervisor *supervisor, const char *phase, int64_t index);
void end_phase(struct supervisor *supervisor);

/**
 * One step: begin, "returned", look, nonce, result. `observed` is false for symbol lookups, of which there can be thousands.
 * `timeout` in milliseconds.
 */
enum outcome run_step(struct supervisor *supervisor, enum step step, uint32_t index, double timeout, bool observed,
                      struct message *result);

#endif
