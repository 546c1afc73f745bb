#include "host.h"

#include "lockstep.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Bytes that a host may tell in all: the types of a large plugin, for each of its symbols, are some megabytes. */
#define TOLD_TOTAL (64u << 20)

/** Acts of one rehearsal; there are ten. */
#define MOST_ACTS 32

/** Milliseconds in which a runtime prints its goroutines, and in which one lists its symbols. */
#define TRACE_TIMEOUT 2000
#define LIST_TIMEOUT 10000

/** Milliseconds that an act may take besides opening: waiting for answers of the caller (native/gohost/swap.go). */
#define ANSWERS_TIMEOUT 6000

_Noreturn void host_become(const struct job *job, int control) {
  char channel[64], marked[256];
  char **words = calloc(job->argument_count + 2, sizeof *words);
  char **variables = calloc(job->variable_count + 3, sizeof *variables);
  if (words == NULL || variables == NULL) _exit(CHILD_WITHOUT_HOST);
  snprintf(channel, sizeof channel, CHANNEL_VARIABLE "=%d", control);
  words[0] = strdup(job->host);
  memcpy(words + 1, job->arguments, job->argument_count * sizeof *words);
  variables[0] = channel;
  memcpy(variables + 1, job->variables, job->variable_count * sizeof *variables);
  /* By it the driver finds what is left when the supervisor itself was killed (src/loader/marked.ts). */
  const char *mark = getenv(MARK_VARIABLE);
  if (mark != NULL) {
    snprintf(marked, sizeof marked, MARK_VARIABLE "=%s", mark);
    variables[job->variable_count + 1] = marked;
  }
  fcntl(control, F_SETFD, 0);
  execve(job->host, words, variables);
  dprintf(STDERR_FILENO, "%s: %s\n", job->host, strerror(errno));
  _exit(CHILD_WITHOUT_HOST);
}

void host_told(void *context, const struct message *message) {
  struct supervisor *supervisor = context;
  size_t length = strlen(message->text), room = TOLD_LIMIT - 1 - supervisor->told.used;
  if (length > room) length = room;
  static size_t total;
  total += length + 1;
  if (total > TOLD_TOTAL) {
    supervisor->child.violations++;
    return;
  }
  memcpy(supervisor->told.text + supervisor->told.used, message->text, length);
  supervisor->told.used += length;
  if (message->value != 1) return;
  supervisor->told.text[supervisor->told.used] = '\0';
  report_line("told", supervisor->phase, supervisor->index, supervisor->told.text);
  supervisor->told.used = 0;
}

static enum outcome take(struct supervisor *supervisor, const char *phase, int64_t index, enum step step, uint64_t timeout,
                         struct message *result) {
  supervisor->told.used = 0;
  begin_phase(supervisor, phase, index);
  enum outcome outcome = run_step(supervisor, step, index < 0 ? 0 : (uint32_t)index, (double)timeout, true, result);
  return outcome;
}

/** "Opened" is the host's word; that the file is mapped is not. */
static enum outcome open_in_host(struct supervisor *supervisor, bool *opened) {
  struct message result;
  struct event event;
  enum outcome outcome = take(supervisor, "open", -1, STEP_OPEN, supervisor->job->timeouts.open, &result);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  *opened = result.value == 1 && is_mapped(supervisor, true);
  event_begin(&event, "open");
  event_flag(&event, "opened", *opened);
  event_text(&event, "error", result.text);
  event_send(&event);
  end_phase(supervisor);
  return OUTCOME_MESSAGE;
}

static enum outcome call_in_host(struct supervisor *supervisor) {
  const struct job *job = supervisor->job;
  struct message result;
  enum outcome outcome = take(supervisor, "symbols", -1, STEP_LIST, LIST_TIMEOUT, &result);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  end_phase(supervisor);
  for (size_t i = 0; i < job->probe_count; i++) {
    outcome = take(supervisor, "probe", (int64_t)i, STEP_PROBE, job->timeouts.probe, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    end_phase(supervisor);
  }
  return OUTCOME_MESSAGE;
}

static enum outcome act_in_host(struct supervisor *supervisor) {
  struct message result = {.value = 1};
  for (int64_t i = 0; i < MOST_ACTS && result.value == 1; i++) {
    uint64_t timeout = supervisor->job->timeouts.open + ANSWERS_TIMEOUT;
    enum outcome outcome = take(supervisor, "swap", i, STEP_ACT, timeout, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    end_phase(supervisor);
  }
  return OUTCOME_MESSAGE;
}

enum outcome host_steps(struct supervisor *supervisor) {
  bool opened = false;
  supervisor->stretch = STRETCH_LOAD;
  /* Opening and calling take turns in a rehearsal, so there is no stretch in which less is allowed. */
  if (supervisor->job->acts) return act_in_host(supervisor);
  enum outcome outcome = open_in_host(supervisor, &opened);
  if (outcome != OUTCOME_MESSAGE || !opened) return outcome;
  supervisor->stretch = STRETCH_RUN;
  return call_in_host(supervisor);
}

void host_ask_for_trace(struct supervisor *supervisor) {
  struct message ignored;
  const struct message nothing = {.kind = 0, .nonce = fresh_nonce()};
  bool closed = supervisor->child.channel_closed;
  kill(supervisor->child.process, SIGQUIT);
  child_wait(&supervisor->child, &nothing, &ignored, report_now() + TRACE_TIMEOUT);
  /* Now it closes because the runtime ends. */
  supervisor->child.channel_closed = closed;
}
