/** Single steps, in lock step with the child (protocol.h). */
#ifndef PLUGIN_GATE_LOCKSTEP_H
#define PLUGIN_GATE_LOCKSTEP_H

#include "supervisor.h"

/** The first step: the child before any plugin code, where it waits and what it has mapped. */
enum outcome run_start(struct supervisor *supervisor);

/**
 * One step: begin, "returned", look, nonce, result. `observed` is false for symbol lookups, of which there can be thousands.
 * `timeout` in milliseconds.
 */
enum outcome run_step(struct supervisor *supervisor, enum step step, uint32_t index, double timeout, bool observed,
                      struct message *result);

/** A number that the child cannot know before it is sent. */
uint64_t fresh_nonce(void);

#endif
