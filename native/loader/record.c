#include "record.h"

#include "names.h"
#include "observe.h"
#include "witness.h"

#include <stdio.h>

/** System calls that are reported one by one, allowed and denied; what comes after is counted. */
#define CALL_LIMIT 1000
#define DENIED_LIMIT 200

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

/** The registers as they are; what they mean is put into words by the driver. */
static void event_arguments(struct event *event, const struct call *call) {
  char text[6 * 20 + 1];
  int used = 0;
  for (size_t i = 0; i < 6; i++)
    used += snprintf(text + used, sizeof text - (size_t)used, "%s0x%llx", i == 0 ? "" : " ", (unsigned long long)call->arguments[i]);
  event_text(event, "arguments", text);
}

static void report_call(const struct supervisor *supervisor, const struct call *call) {
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
  event_caller(&event, supervisor, call);
  event_send(&event);
}

int record_call(void *context, struct call *call) {
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
