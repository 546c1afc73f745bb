#include "record.h"

#include "names.h"
#include "observe.h"
#include "registers.h"
#include "witness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** System calls that are reported one by one, allowed and denied; what comes after is counted. */
#define CALL_LIMIT 1000
#define DENIED_LIMIT 200

/** Files that are read are counted by themselves: no number of them hides a program that is started after them. */
#define READ_LIMIT 1000

void record_crash(void *context) {
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

/** Looks at where a thread waits, and microseconds between them: it has told of its call, and goes to sleep. */
#define POSITION_LOOKS 100
#define POSITION_PAUSE 100

static struct position position_of(pid_t thread) {
  struct position position = position_read(thread);
  for (int look = 0; look < POSITION_LOOKS && !position.known; look++) {
    usleep(POSITION_PAUSE);
    position = position_read(thread);
  }
  return position;
}

/** Words of the stack of a call that are passed on, and calls of which they are. */
#define STACK_PASSED 768
#define STACKS_LIMIT 100

/**
 * The stack of a call in a Go host, from which the driver reads by Go's own tables who called whom: the runtime's libraries lie
 * between the kernel and the function that a person wants to know. Program counter, where host and plugin lie, the words.
 */
static void report_stack(const struct supervisor *supervisor, const struct call *call) {
  static char text[(STACK_PASSED + 3) * 17 + 1];
  struct maps maps = {0};
  struct position position = position_of(call->thread);
  size_t count = 0;
  if (position.known && maps_read(call->thread, &maps)) {
    const uint64_t *words = stack_read(call->thread, position.stack, &maps, &count);
    const struct job *job = supervisor->job;
    const uint64_t places[] = {position.counter, maps_base(&maps, job->host), maps_base(&maps, job->file)};
    size_t used = 0;
    for (size_t i = 0; i < 3 + (count < STACK_PASSED ? count : STACK_PASSED); i++)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%llx", i == 0 ? "" : " ",
                               (unsigned long long)(i < 3 ? places[i] : words[i - 3]));
    if (count > 0) report_line("stack", supervisor->phase, supervisor->index, text);
  }
  maps_free(&maps);
}

/** Whether an address is a return address into the plugin, or into a file that was not there before it. */
static bool is_own_code(const struct supervisor *supervisor, const struct maps *maps, pid_t thread, uint64_t address) {
  const struct mapping *mapping = maps_find(maps, address);
  return mapping != NULL && mapping->executable && mapping->path[0] == '/' &&
         !maps_has(&supervisor->before, mapping->path) && is_return_address(thread, address);
}

/** The call that was stopped to look at a register, which comes a second time. */
static bool is_again(struct supervisor *supervisor, const struct call *call) {
  const struct call *again = &supervisor->again;
  if (again->thread != call->thread || again->number != call->number ||
      memcmp(again->arguments, call->arguments, sizeof again->arguments) != 0)
    return false;
  supervisor->again.thread = 0;
  return true;
}

/** Where in the plugin, or in a library that it brought, a call comes from; false when neither is on the stack. */
static bool event_caller(struct event *event, struct supervisor *supervisor, const struct call *call) {
  uint64_t caller = 0, link = 0;
  struct maps maps = {0};
  struct position position = position_of(call->thread);
  /* A Go host keeps all but the last on the stack, and the stack is wanted as it is (report_stack). */
  bool stopped = call->denied && position.known && supervisor->job->host == NULL && return_register(call->thread, &link);
  if (stopped) supervisor->again = *call;
  if (position.known && maps_read(call->thread, &maps)) {
    if (stopped && is_own_code(supervisor, &maps, call->thread, link)) caller = link;
    if (caller == 0) caller = stack_find(call->thread, position.stack, &maps, supervisor->job->file);
    if (caller == 0) caller = stack_find_new(call->thread, position.stack, &maps, &supervisor->before);
    if (caller != 0) event_place(event, &maps, "object", "callerOffset", caller);
  }
  maps_free(&maps);
  return caller != 0;
}

/** The registers as they are; what they mean is put into words by the driver. */
static void event_arguments(struct event *event, const struct call *call) {
  char text[6 * 20 + 1];
  int used = 0;
  for (size_t i = 0; i < 6; i++)
    used += snprintf(text + used, sizeof text - (size_t)used, "%s0x%llx", i == 0 ? "" : " ", (unsigned long long)call->arguments[i]);
  event_text(event, "arguments", text);
}

static void report_call(struct supervisor *supervisor, const struct call *call) {
  struct event event;
  event_begin(&event, "call");
  event_phase(&event, supervisor);
  event_text(&event, "name", call_name(call->number));
  event_text(&event, "detail", call->detail);
  event_arguments(&event, call);
  event_flag(&event, "writes", call->writes);
  event_flag(&event, "process", call->process);
  event_flag(&event, "denied", call->denied);
  if (call->opens) event_flag(&event, "found", call->found);
  if (strcmp(call->file, call->detail) != 0 && call->file[0] != '\0') event_text(&event, "file", call->file);
  if (call->subject == SUBJECT_NUMBER) event_flag(&event, "own", policy_is_own_signal(call));
  bool placed = event_caller(&event, supervisor, call);
  event_send(&event);
  if (placed && supervisor->job->host != NULL && supervisor->stacks < STACKS_LIMIT) {
    supervisor->stacks++;
    report_stack(supervisor, call);
  }
}

int record_call(void *context, struct call *call) {
  struct supervisor *supervisor = context;
  const struct policy *policy = &supervisor->job->policy;
  const struct process_facts facts = {.process = supervisor->child.process, .crashed = supervisor->child.crashed};
  /* The loader's own first calls, before any plugin code. */
  if (supervisor->stretch == STRETCH_START) return 0;
  if (call->opens) call->found = policy_finds(call, facts.process, call->file, sizeof call->file);
  int error = policy_decide(policy, supervisor->stretch, &facts, call);
  call->denied = error != 0;
  if (call->denied) {
    if (is_again(supervisor, call)) return error;
    if (++supervisor->denied <= DENIED_LIMIT) report_call(supervisor, call);
    if (policy->kill) supervisor->child.denied = true;
  } else if (policy_is_noted(call->number)) {
    bool reads = call->opens && !call->writes;
    supervisor->calls++;
    if (reads ? ++supervisor->reads <= READ_LIMIT : ++supervisor->others <= CALL_LIMIT) report_call(supervisor, call);
  }
  return error;
}
