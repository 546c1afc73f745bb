#include "steps.h"

#include "lockstep.h"
#include "outlive.h"
#include "witness.h"

#include <sys/wait.h>

/** Milliseconds in which a thread whose code was unloaded is expected to run again, and to crash. */
#define THREAD_TIMEOUT 200
#define THREAD_LOOKS 20

enum outcome open_plugin(struct supervisor *supervisor, bool *opened) {
  struct message result;
  supervisor->stretch = STRETCH_LOAD;
  begin_phase(supervisor, "open", -1);
  enum outcome outcome = run_step(supervisor, STEP_OPEN, 0, (double)supervisor->job->timeouts.open, true, &result);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  struct event event;
  /* "Opened" is the child's word; that the file is mapped is not. */
  *opened = result.value == 1 && is_mapped(supervisor, true);
  event_begin(&event, "open");
  event_flag(&event, "opened", *opened);
  event_text(&event, "error", result.text);
  event_send(&event);
  end_phase(supervisor);
  return OUTCOME_MESSAGE;
}

enum outcome look_up_symbols(struct supervisor *supervisor) {
  const struct job *job = supervisor->job;
  if (job->symbol_count == 0) return OUTCOME_MESSAGE;
  begin_phase(supervisor, "symbols", -1);
  for (size_t i = 0; i < job->symbol_count; i++) {
    struct message result;
    enum outcome outcome = run_step(supervisor, STEP_SYMBOL, (uint32_t)i, (double)job->timeouts.symbol, false, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    const struct mapping *mapping = maps_find(&supervisor->now, result.address);
    struct event event;
    event_begin(&event, "symbol");
    event_text(&event, "name", job->symbols[i]);
    event_flag(&event, "found", result.value == 1);
    if (result.value != 1) event_text(&event, "error", result.text);
    else if (mapping != NULL) event_text(&event, "object", mapping->path);
    event_send(&event);
  }
  end_phase(supervisor);
  return OUTCOME_MESSAGE;
}

enum outcome call_probes(struct supervisor *supervisor) {
  const struct job *job = supervisor->job;
  for (size_t i = 0; i < job->probe_count; i++) {
    const struct probe *probe = &job->probes[i];
    struct message result;
    begin_phase(supervisor, "probe", (int64_t)i);
    enum outcome outcome = run_step(supervisor, STEP_PROBE, (uint32_t)i, (double)job->timeouts.probe, true, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    const struct mapping *mapping = maps_find(&supervisor->now, result.address);
    struct event event;
    event_begin(&event, "probe");
    event_number(&event, "index", (int64_t)i);
    event_text(&event, "name", probe->name);
    event_text(&event, "signature", signature_name(probe->signature));
    event_flag(&event, "found", result.value == 1);
    if (result.value == 1 && mapping != NULL) event_text(&event, "object", mapping->path);
    if (result.value != 1) event_text(&event, "error", result.text);
    else if (probe->signature == SIGNATURE_INT) event_number(&event, "number", (int32_t)result.number);
    else if (probe->signature == SIGNATURE_STRING && result.number == 1) event_text(&event, "text", result.text);
    event_send(&event);
    end_phase(supervisor);
  }
  return OUTCOME_MESSAGE;
}

/**
 * Gives threads that outlived the plugin's code the time to show what that does. Where one is can be told while it waits; what
 * runs now waits some other time, so there are several looks until one has found something.
 */
static enum outcome await_threads(struct supervisor *supervisor, const struct maps *loaded, bool found) {
  struct message ignored;
  const struct message nothing = {.kind = 0, .nonce = fresh_nonce()};
  enum outcome outcome = OUTCOME_TIMEOUT;
  for (int look = 0; look < THREAD_LOOKS && outcome == OUTCOME_TIMEOUT; look++) {
    outcome = child_wait(&supervisor->child, &nothing, &ignored, report_now() + THREAD_TIMEOUT / (double)THREAD_LOOKS);
    if (!found && outcome == OUTCOME_TIMEOUT) found = report_outliving(supervisor, loaded) > 0;
  }
  return outcome == OUTCOME_TIMEOUT ? OUTCOME_MESSAGE : outcome;
}

static void report_close(const struct supervisor *supervisor, const struct message *result) {
  struct event event;
  event_begin(&event, "close");
  event_flag(&event, "closed", result->value == 1);
  event_flag(&event, "noload", result->number == 1);
  event_flag(&event, "mapped", is_mapped(supervisor, result->number == 1));
  event_text(&event, "error", result->text);
  event_send(&event);
}

enum outcome close_plugin(struct supervisor *supervisor) {
  struct message result;
  struct maps loaded;
  /* What `strict` leaves does not suffice to unload. */
  if (!supervisor->job->unload || supervisor->job->policy.profile == PROFILE_STRICT) return OUTCOME_MESSAGE;
  supervisor->stretch = STRETCH_CLOSE;
  begin_phase(supervisor, "close", -1);
  maps_read(supervisor->child.process, &loaded);
  enum outcome outcome = run_step(supervisor, STEP_CLOSE, 0, (double)supervisor->job->timeouts.close, true, &result);
  if (outcome == OUTCOME_MESSAGE) {
    report_close(supervisor, &result);
    bool unloaded = !is_mapped(supervisor, result.number == 1);
    bool found = supervisor->threads > 1 && report_outliving(supervisor, &loaded) > 0;
    if (supervisor->threads > 1 && unloaded) outcome = await_threads(supervisor, &loaded, found);
    if (outcome == OUTCOME_MESSAGE) end_phase(supervisor);
  }
  maps_free(&loaded);
  return outcome;
}

bool let_exit(struct supervisor *supervisor, enum outcome *outcome) {
  struct message ignored;
  const struct message nothing = {.kind = 0, .nonce = fresh_nonce()};
  supervisor->stretch = STRETCH_CLOSE;
  begin_phase(supervisor, "exit", -1);
  child_command(&supervisor->child, STEP_EXIT, 0, 0);
  *outcome = child_wait(&supervisor->child, &nothing, &ignored, report_now() + (double)supervisor->job->timeouts.exit);
  return *outcome == OUTCOME_ENDED && WIFEXITED(supervisor->child.status) && WEXITSTATUS(supervisor->child.status) == 0;
}
