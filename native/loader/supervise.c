#include "supervise.h"

#include "host.h"
#include "lockstep.h"
#include "reap.h"
#include "record.h"
#include "rehearse.h"
#include "steps.h"
#include "supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/** All steps in order; the first that does not come to its end is the last. */
static enum outcome run_steps(struct supervisor *supervisor, bool *expected) {
  bool opened = false;
  enum outcome outcome = run_start(supervisor);
  if (supervisor->job->host != NULL) {
    if (outcome == OUTCOME_MESSAGE) outcome = host_steps(supervisor);
    if (outcome == OUTCOME_MESSAGE) *expected = let_exit(supervisor, &outcome);
    if (outcome == OUTCOME_TIMEOUT) host_ask_for_trace(supervisor);
    return outcome;
  }
  if (outcome == OUTCOME_MESSAGE && (supervisor->job->successor != NULL || supervisor->job->cycles > 0)) {
    outcome = supervisor->job->cycles > 0 ? run_cycles(supervisor) : rehearse_swap(supervisor);
    if (outcome == OUTCOME_MESSAGE) *expected = let_exit(supervisor, &outcome);
    return outcome;
  }
  if (outcome == OUTCOME_MESSAGE) outcome = open_plugin(supervisor, &opened);
  if (outcome == OUTCOME_MESSAGE && opened) {
    supervisor->stretch = STRETCH_RUN;
    outcome = look_up_symbols(supervisor);
    if (outcome == OUTCOME_MESSAGE) outcome = call_probes(supervisor);
    if (outcome == OUTCOME_MESSAGE) outcome = close_plugin(supervisor);
  }
  if (outcome == OUTCOME_MESSAGE) *expected = let_exit(supervisor, &outcome);
  return outcome;
}

/** A channel that closes because the process ends is in order; one that closed under a living process is not. */
static void report_violations(const struct supervisor *supervisor, enum outcome outcome) {
  const struct child *child = &supervisor->child;
  struct event event;
  bool lost = WIFEXITED(child->status) && WEXITSTATUS(child->status) == CHILD_LOST_CONTROL;
  bool closed = child->channel_closed && (outcome != OUTCOME_ENDED || lost);
  bool unblocked = outcome == OUTCOME_ENDED && WIFEXITED(child->status) && WEXITSTATUS(child->status) == CHILD_UNBLOCKED;
  if (child->violations == 0 && !closed && !unblocked) return;
  event_begin(&event, "violation");
  event_phase(&event, supervisor);
  event_number(&event, "messages", child->violations);
  event_flag(&event, "closed", closed);
  event_flag(&event, "unblocked", unblocked);
  event_send(&event);
}

/** How it ended, from the wait status and from what the supervisor did; nothing here is the child's word. */
static void report_ended(struct supervisor *supervisor, enum outcome outcome, bool expected) {
  static const char *const HOW[] = {"", "", "stopped", "timeout", "interfered", "cancelled", "denied"};
  struct child *child = &supervisor->child;
  int stop_status = child->status;
  struct event event;
  child_end(child);
  report_output(supervisor);
  report_violations(supervisor, outcome);
  event_begin(&event, "ended");
  event_phase(&event, supervisor);
  event_flag(&event, "expected", expected);
  if (outcome == OUTCOME_ENDED && WIFSIGNALED(child->status)) {
    event_text(&event, "how", "signal");
    event_number(&event, "signal", WTERMSIG(child->status));
  } else if (outcome == OUTCOME_ENDED) {
    event_text(&event, "how", "exit");
    event_number(&event, "code", WEXITSTATUS(child->status));
  } else {
    event_text(&event, "how", HOW[outcome]);
    if (outcome == OUTCOME_STOPPED) event_number(&event, "signal", WSTOPSIG(stop_status));
  }
  event_send(&event);
}

static void report_isolation(const struct isolation *isolation, const struct barrier *barrier, const struct policy *policy) {
  bool recorded = barrier->listener >= 0;
  struct event event;
  event_begin(&event, "isolation");
  event_flag(&event, "processNamespace", isolation->process_namespace);
  event_flag(&event, "userNamespace", isolation->user_namespace);
  event_flag(&event, "objectsNamespace", isolation->objects_namespace);
  event_flag(&event, "recorded", recorded);
  event_flag(&event, "systemCalls", recorded && policy->profile != PROFILE_AUDIT);
  event_flag(&event, "files", barrier->landlock > 0 && policy->profile != PROFILE_AUDIT);
  event_number(&event, "landlock", barrier->landlock);
  event_text(&event, "profile", profile_name(policy->profile));
  event_flag(&event, "kill", policy->kill);
  event_send(&event);
}

void supervise(const struct job *job, const struct layout *layout) {
  static struct supervisor supervisor;
  struct isolation isolation;
  struct event event;
  bool expected = false;
  supervisor.job = job;
  supervisor.layout = layout;
  child_prepare_signals();
  isolate(&isolation, job->namespaces);
  const struct watcher watcher = {.crash = record_crash, .call = record_call, .told = host_told, .context = &supervisor};
  if (!child_start(&supervisor.child, job, &isolation, &watcher)) {
    perror("plugin-gate-loader: the plugin's process cannot be started");
    reap_leftovers(&isolation);
    exit(2);
  }
  report_isolation(&isolation, &supervisor.child.barrier, &job->policy);
  enum outcome outcome = run_steps(&supervisor, &expected);
  report_ended(&supervisor, outcome, expected);
  unsigned leftovers = reap_leftovers(&isolation);
  report_output(&supervisor);
  capture_forward(&supervisor.child.output[0], STDOUT_FILENO);
  capture_forward(&supervisor.child.output[1], STDERR_FILENO);
  event_begin(&event, "done");
  event_number(&event, "leftovers", leftovers);
  event_number(&event, "calls", supervisor.calls);
  event_number(&event, "denied", supervisor.denied);
  event_send(&event);
  maps_free(&supervisor.before);
  maps_free(&supervisor.now);
}
