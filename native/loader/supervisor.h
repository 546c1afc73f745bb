/** The supervisor's state, which its parts share, and the phases that name every event. */
#ifndef PLUGIN_GATE_SUPERVISOR_H
#define PLUGIN_GATE_SUPERVISOR_H

#include "child.h"
#include "given.h"
#include "observe.h"
#include "policy.h"
#include "report.h"

/** Bytes of a line that a host tells (native/gohost/report.go). */
#define TOLD_LIMIT REPORT_LINE_LIMIT

struct supervisor {
  const struct job *job;
  const struct layout *layout;
  struct child child;
  struct maps before; /* mappings while no plugin code had run */
  struct maps now;    /* mappings after the last observed step; empty when they could not be read */
  struct position home;
  struct given_list given; /* descriptors while no plugin code had run */
  bool moved; /* the stack of a host's main thread is elsewhere than at its start, as the host tells */
  const char *phase;
  int64_t index;
  enum stretch stretch; /* decides what is allowed; only moves forward */
  unsigned calls;       /* noted system calls so far, of them: */
  unsigned reads;       /* that open files to read them */
  unsigned others;
  unsigned denied;      /* system calls that were not allowed to run */
  struct call again;    /* the denied call that was stopped last, to look at a register (registers.h) */
  unsigned stacks;      /* of calls that were passed on so far */
  int64_t threads; /* of the child, when last observed */
  struct {
    char text[TOLD_LIMIT];
    size_t used;
  } told; /* the line that a host is about to tell */
};

/** `index` tells which probe or which step of a rehearsal; -1 for phases that come once. */
void begin_phase(struct supervisor *supervisor, const char *phase, int64_t index);
void end_phase(struct supervisor *supervisor);

/** The phase and its index, on every event of a step. */
void event_phase(struct event *event, const struct supervisor *supervisor);

/** Bytes that were printed since the last phase ended. */
void report_output(struct supervisor *supervisor);

#endif
