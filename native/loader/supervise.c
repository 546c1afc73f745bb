#include "supervise.h"

#include "names.h"
#include "rehearse.h"
#include "supervisor.h"
#include "reap.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/** Milliseconds that starting the child, which runs no plugin code, may take on a loaded machine. */
#define START_TIMEOUT 30000

/** Milliseconds that the result may take after "returned": the child only has to answer. */
#define ANSWER_TIMEOUT 5000

/** Milliseconds in which a child that said "returned" is expected to wait for its nonce. */
#define POSITION_TIMEOUT 250


/** Milliseconds in which a thread whose code was unloaded is expected to run again, and to crash. */
#define THREAD_TIMEOUT 200

/** System calls that are reported one by one, allowed and denied; what comes after is counted. */
#define CALL_LIMIT 1000
#define DENIED_LIMIT 200

/** A number that the child cannot know before it is sent. */
static uint64_t fresh_nonce(void) {
  uint64_t nonce = 0;
#ifdef SYS_getrandom
  if (syscall(SYS_getrandom, &nonce, sizeof nonce, 0) == (long)sizeof nonce && nonce != 0) return nonce;
#endif
  int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (source < 0 || read(source, &nonce, sizeof nonce) != (ssize_t)sizeof nonce) abort();
  close(source);
  return nonce | 1;
}

/** Phase and, for probes, which one: on every event of a step. */
static void event_phase(struct event *event, const struct supervisor *supervisor) {
  event_text(event, "phase", supervisor->phase);
  if (supervisor->index >= 0) event_number(event, "index", supervisor->index);
}

void begin_phase(struct supervisor *supervisor, const char *phase, int64_t index) {
  struct event event;
  supervisor->phase = phase;
  supervisor->index = index;
  event_begin(&event, "begin");
  event_phase(&event, supervisor);
  event_send(&event);
}

/** Bytes that were printed since the last phase ended. */
static void report_output(struct supervisor *supervisor) {
  static const char *const NAMES[] = {"stdout", "stderr"};
  for (int i = 0; i < 2; i++) {
    struct capture *capture = &supervisor->child.output[i];
    capture_drain(capture);
    if (capture->seen == capture->reported) continue;
    struct event event;
    event_begin(&event, "output");
    event_phase(&event, supervisor);
    event_text(&event, "stream", NAMES[i]);
    event_number(&event, "bytes", (int64_t)(capture->seen - capture->reported));
    event_flag(&event, "cut", capture->seen > capture->used);
    event_send(&event);
    capture->reported = capture->seen;
  }
}

void end_phase(struct supervisor *supervisor) {
  struct event event;
  event_begin(&event, "end");
  event_phase(&event, supervisor);
  event_send(&event);
  report_output(supervisor);
}

/** Whether the main thread waits where it waited before any plugin code ran. A moment is given: it may still be on its way. */
static const char *check_position(const struct supervisor *supervisor) {
  if (!supervisor->home.known) return "unknown";
  struct position position;
  for (double deadline = report_now() + POSITION_TIMEOUT;;) {
    position = position_read(supervisor->child.process);
    if (position_equal(&position, &supervisor->home)) return "expected";
    if (report_now() > deadline) return position.known ? "elsewhere" : "unknown";
    usleep(200);
  }
}

/** Files with executable mappings that were not there before: the plugin and what it brought. */
static void report_objects(const struct supervisor *supervisor, const struct maps *maps) {
  const char *last = "";
  for (size_t i = 0; i < maps->count; i++) {
    const struct mapping *mapping = &maps->entries[i];
    if (!mapping->executable || mapping->path[0] != '/' || strcmp(mapping->path, last) == 0) continue;
    last = mapping->path;
    if (maps_has(&supervisor->before, mapping->path) || maps_has(&supervisor->now, mapping->path)) continue;
    struct event event;
    event_begin(&event, "object");
    event_phase(&event, supervisor);
    event_text(&event, "path", mapping->path);
    event_hex(&event, "base", mapping->start - mapping->offset);
    event_send(&event);
  }
}

static int64_t count_writable_code(const struct maps *maps) {
  int64_t count = 0;
  for (size_t i = 0; i < maps->count; i++) count += maps->entries[i].writable && maps->entries[i].executable;
  return count;
}

/** What can be seen of the child between two steps. */
static void observe(struct supervisor *supervisor) {
  struct maps maps;
  struct usage usage;
  struct event event;
  const char *position = check_position(supervisor);
  bool mapped = maps_read(supervisor->child.process, &maps);
  usage_read(supervisor->child.process, &usage);
  supervisor->threads = usage.threads;
  if (mapped) report_objects(supervisor, &maps);
  event_begin(&event, "state");
  event_phase(&event, supervisor);
  event_text(&event, "position", position);
  event_flag(&event, "observed", mapped);
  event_number(&event, "resident", usage.resident);
  event_number(&event, "virtual", usage.virtual_size);
  event_number(&event, "threads", usage.threads);
  event_number(&event, "descriptors", usage.descriptors);
  if (mapped) {
    event_flag(&event, "mapped", maps_has(&maps, supervisor->job->file));
    event_number(&event, "writableCode", count_writable_code(&maps));
  }
  event_send(&event);
  maps_free(&supervisor->now);
  if (mapped) supervisor->now = maps;
  else maps_free(&maps);
}

/** Whether the plugin's file is in memory: seen, or, where it could not be seen, the child's word. */
static bool is_mapped(const struct supervisor *supervisor, bool told) {
  return supervisor->now.count > 0 ? maps_has(&supervisor->now, supervisor->job->file) : told;
}

static void event_place(struct event *event, const struct maps *maps, const char *object, const char *offset, uint64_t address) {
  const struct mapping *mapping = maps_find(maps, address);
  if (mapping == NULL) return;
  event_text(event, object, mapping->path);
  event_hex(event, offset, address - mapping->start + mapping->offset);
}

static void report_crash(void *context) {
  static const char *const STAGES[] = {"unknown", "relocating", "relocated"};
  struct supervisor *supervisor = context;
  const struct message *crash = &supervisor->child.crash;
  struct maps maps;
  struct event event;
  event_begin(&event, "crash");
  event_phase(&event, supervisor);
  event_number(&event, "signal", crash->number);
  event_hex(&event, "address", crash->address);
  if (maps_read(supervisor->child.process, &maps)) {
    const char *file = supervisor->job->file;
    event_place(&event, &maps, "object", "offset", crash->counter);
    uint64_t caller = stack_find(supervisor->child.process, crash->stack, &maps, file);
    if (caller != 0) event_place(&event, &maps, "caller", "callerOffset", caller);
    event_text(&event, "stage", STAGES[maps_stage(&maps, file, supervisor->layout)]);
  }
  maps_free(&maps);
  event_send(&event);
}

/** Where in the plugin, or in a library that it brought, a call comes from. */
static void event_caller(struct event *event, const struct supervisor *supervisor, const struct call *call) {
  struct maps maps = {0};
  struct position position = position_read(call->thread);
  if (position.known && maps_read(call->thread, &maps)) {
    uint64_t caller = stack_find(call->thread, position.stack, &maps, supervisor->job->file);
    if (caller == 0) caller = stack_find_new(call->thread, position.stack, &maps, &supervisor->before);
    if (caller != 0) event_place(event, &maps, "object", "callerOffset", caller);
  }
  maps_free(&maps);
}

static void report_call(const struct supervisor *supervisor, const struct call *call) {
  struct event event;
  event_begin(&event, "call");
  event_phase(&event, supervisor);
  event_text(&event, "name", call_name(call->number));
  event_text(&event, "detail", call->detail);
  event_flag(&event, "writes", call->writes);
  event_flag(&event, "process", call->process);
  event_flag(&event, "denied", call->denied);
  if (call->opens) event_flag(&event, "found", call->found);
  event_caller(&event, supervisor, call);
  event_send(&event);
}

/** Decides about a system call that waits, and writes it down. */
static int judge_call(void *context, struct call *call) {
  struct supervisor *supervisor = context;
  const struct policy *policy = &supervisor->job->policy;
  const struct process_facts facts = {.process = supervisor->child.process, .crashed = supervisor->child.crashed};
  /* The loader's own first calls, before any plugin code. */
  if (supervisor->stretch == STRETCH_START) return 0;
  if (call->opens) call->found = policy_finds(call, facts.process);
  int error = policy_decide(policy, supervisor->stretch, &facts, call);
  call->denied = error != 0;
  if (call->denied) {
    if (++supervisor->denied <= DENIED_LIMIT) report_call(supervisor, call);
    if (policy->kill) supervisor->child.denied = true;
  } else if (policy_is_noted(call->number) && ++supervisor->calls <= CALL_LIMIT) {
    report_call(supervisor, call);
  }
  return error;
}

/** A channel that closes because the process ends is in order; one that closed under a living process is not. */
static void report_violations(const struct supervisor *supervisor, enum outcome outcome) {
  const struct child *child = &supervisor->child;
  struct event event;
  bool lost = WIFEXITED(child->status) && WEXITSTATUS(child->status) == CHILD_LOST_CONTROL;
  bool closed = child->channel_closed && (outcome != OUTCOME_ENDED || lost);
  if (child->violations == 0 && !closed) return;
  event_begin(&event, "violation");
  event_phase(&event, supervisor);
  event_number(&event, "messages", child->violations);
  event_flag(&event, "closed", closed);
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

enum outcome run_step(struct supervisor *supervisor, enum step step, uint32_t index, double timeout, bool observed,
                             struct message *result) {
  struct child *child = &supervisor->child;
  struct message expected = {.kind = KIND_RETURNED, .step = (uint32_t)step, .index = index};
  child_command(child, step, index, 0);
  enum outcome outcome = child_wait(child, &expected, result, report_now() + timeout);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  if (observed) observe(supervisor);
  expected.kind = KIND_RESULT;
  expected.nonce = fresh_nonce();
  child_command(child, step, index, expected.nonce);
  return child_wait(child, &expected, result, report_now() + ANSWER_TIMEOUT);
}

/** The child before any plugin code: where it waits, what it has mapped. */
static enum outcome start(struct supervisor *supervisor) {
  struct child *child = &supervisor->child;
  struct message result, expected = {.kind = KIND_RETURNED, .step = STEP_START};
  begin_phase(supervisor, "start", -1);
  child_command(child, STEP_START, 0, 0);
  enum outcome outcome = child_wait(child, &expected, &result, report_now() + START_TIMEOUT);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  /* Until it sleeps in recv the position reads `running`; the program counter of a wait is never 0. */
  for (double deadline = report_now() + POSITION_TIMEOUT; report_now() < deadline;) {
    supervisor->home = position_read(child->process);
    if (supervisor->home.known && supervisor->home.descriptor >= 3) break;
    supervisor->home.known = false;
    usleep(200);
  }
  maps_read(child->process, &supervisor->before);
  observe(supervisor);
  expected.kind = KIND_RESULT;
  expected.nonce = fresh_nonce();
  child_command(child, STEP_START, 0, expected.nonce);
  outcome = child_wait(child, &expected, &result, report_now() + ANSWER_TIMEOUT);
  if (outcome == OUTCOME_MESSAGE) end_phase(supervisor);
  return outcome;
}

static enum outcome open_plugin(struct supervisor *supervisor, bool *opened) {
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

static enum outcome look_up_symbols(struct supervisor *supervisor) {
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

static enum outcome call_probes(struct supervisor *supervisor) {
  const struct job *job = supervisor->job;
  for (size_t i = 0; i < job->probe_count; i++) {
    const struct probe *probe = &job->probes[i];
    struct message result;
    begin_phase(supervisor, "probe", (int64_t)i);
    enum outcome outcome = run_step(supervisor, STEP_PROBE, (uint32_t)i, (double)job->timeouts.probe, true, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    struct event event;
    event_begin(&event, "probe");
    event_number(&event, "index", (int64_t)i);
    event_text(&event, "name", probe->name);
    event_text(&event, "signature", signature_name(probe->signature));
    event_flag(&event, "found", result.value == 1);
    if (result.value != 1) event_text(&event, "error", result.text);
    else if (probe->signature == SIGNATURE_INT) event_number(&event, "number", (int32_t)result.number);
    else if (probe->signature == SIGNATURE_STRING && result.number == 1) event_text(&event, "text", result.text);
    event_send(&event);
    end_phase(supervisor);
  }
  return OUTCOME_MESSAGE;
}

/** Gives threads that outlived the plugin's code the time to show what that does. */
static enum outcome await_threads(struct supervisor *supervisor) {
  struct message ignored;
  const struct message nothing = {.kind = 0, .nonce = fresh_nonce()};
  return child_wait(&supervisor->child, &nothing, &ignored, report_now() + THREAD_TIMEOUT);
}

static enum outcome close_plugin(struct supervisor *supervisor) {
  struct message result;
  /* What `strict` leaves does not suffice to unload. */
  if (!supervisor->job->unload || supervisor->job->policy.profile == PROFILE_STRICT) return OUTCOME_MESSAGE;
  supervisor->stretch = STRETCH_CLOSE;
  begin_phase(supervisor, "close", -1);
  enum outcome outcome = run_step(supervisor, STEP_CLOSE, 0, (double)supervisor->job->timeouts.close, true, &result);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  struct event event;
  event_begin(&event, "close");
  event_flag(&event, "closed", result.value == 1);
  event_flag(&event, "noload", result.number == 1);
  event_flag(&event, "mapped", is_mapped(supervisor, result.number == 1));
  event_text(&event, "error", result.text);
  event_send(&event);
  if (supervisor->threads > 1 && !is_mapped(supervisor, result.number == 1)) {
    outcome = await_threads(supervisor);
    if (outcome != OUTCOME_TIMEOUT) return outcome;
  }
  end_phase(supervisor);
  return OUTCOME_MESSAGE;
}

/** Lets the child end by exit(0). True when it did just that. */
static bool let_exit(struct supervisor *supervisor, enum outcome *outcome) {
  struct message ignored;
  const struct message nothing = {.kind = 0, .nonce = fresh_nonce()};
  supervisor->stretch = STRETCH_CLOSE;
  begin_phase(supervisor, "exit", -1);
  child_command(&supervisor->child, STEP_EXIT, 0, 0);
  *outcome = child_wait(&supervisor->child, &nothing, &ignored, report_now() + (double)supervisor->job->timeouts.exit);
  return *outcome == OUTCOME_ENDED && WIFEXITED(supervisor->child.status) && WEXITSTATUS(supervisor->child.status) == 0;
}

/** All steps in order; the first that does not come to its end is the last. */
static enum outcome run_steps(struct supervisor *supervisor, bool *expected) {
  bool opened = false;
  enum outcome outcome = start(supervisor);
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

static void report_isolation(const struct isolation *isolation, const struct barrier *barrier, const struct policy *policy) {
  bool recorded = barrier->listener >= 0;
  struct event event;
  event_begin(&event, "isolation");
  event_flag(&event, "processNamespace", isolation->process_namespace);
  event_flag(&event, "userNamespace", isolation->user_namespace);
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
  const struct watcher watcher = {.crash = report_crash, .call = judge_call, .context = &supervisor};
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
