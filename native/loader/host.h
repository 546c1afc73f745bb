/**
 * A host in place of the loader's own code: a program that opens the plugin as its real host would, where dlopen alone does not
 * run it (a Go plugin needs a Go runtime: native/gohost). It is started under the same filter, limits and barriers, as the one
 * program that is ever started, before any plugin code; then it goes in lock step with the supervisor like the loader's own
 * code (protocol.h). What it tells of a step it keeps back until it has the step's nonce, and so nothing passes for it that
 * was written before the step had returned.
 */
#ifndef PLUGIN_GATE_HOST_H
#define PLUGIN_GATE_HOST_H

#include "supervisor.h"

/** Variable with the number of the host's channel. */
#define CHANNEL_VARIABLE "PLUGIN_GATE_CHANNEL"
#define MARK_VARIABLE "PLUGIN_GATE_LOAD"

/** Called in the child, under the filter: becomes the host. */
_Noreturn void host_become(const struct job *job, int control);

/** After the start: open, symbols, probes; or the acts of a rehearsal. */
enum outcome host_steps(struct supervisor *supervisor);

/** A piece of a line that a host tells; whole lines go into the report, as text. */
void host_told(void *context, const struct message *message);

/** Lets a Go runtime that did not come back print what each goroutine is at: it takes SIGQUIT for that. */
void host_ask_for_trace(struct supervisor *supervisor);

#endif
