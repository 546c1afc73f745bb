#include "rehearse.h"

#include "lockstep.h"

/** Rounds before the first look: caches of the C library fill, and what is made once is made. */
#define WARM_UP 5

enum { OLD, NEW };

/** A step of the rehearsal. */
struct act {
  const char *name;
  enum step step;
  uint32_t slot;
  bool needed; /* when it fails, what follows makes no sense */
};

static const struct act BEFORE[] = {
    {"open-old", STEP_SLOT_OPEN, OLD, true},
    {"probe-old", STEP_SLOT_PROBE, OLD, true},
    {"start-caller", STEP_CALLER_START, OLD, true},
    {"open-new", STEP_SLOT_OPEN, NEW, false},
    {"probe-new", STEP_SLOT_PROBE, NEW, false},
    /* Taken as not healthy, whatever the probe said: the previous release must go on serving. */
    {"refuse-new", STEP_SLOT_CLOSE, NEW, true},
    {"old-serves", STEP_SLOT_USE, OLD, true},
};

static const struct act SWITCH[] = {
    {"reopen-new", STEP_SLOT_OPEN, NEW, true},
    {"reprobe-new", STEP_SLOT_PROBE, NEW, true},
    {"switch", STEP_SLOT_USE, NEW, true},
    {"roll-back", STEP_SLOT_USE, OLD, true},
};

static const struct act AFTER[] = {
    {"stop-caller", STEP_CALLER_STOP, OLD, true},
    {"close-new", STEP_SLOT_CLOSE, NEW, true},
    {"reprobe-old", STEP_SLOT_PROBE, OLD, true},
    {"close-old", STEP_SLOT_CLOSE, OLD, true},
};
#define LENGTH(acts) (sizeof(acts) / sizeof *(acts))

struct rehearsal {
  struct supervisor *supervisor;
  int64_t index;
  bool healthy; /* all acts so far came to what they should */
};

static void report_act(const struct rehearsal *rehearsal, const struct act *act, const struct message *result) {
  const struct supervisor *supervisor = rehearsal->supervisor;
  const struct job *job = supervisor->job;
  const struct mapping *mapping = maps_find(&supervisor->now, result->address);
  struct event event;
  event_begin(&event, "act");
  event_number(&event, "index", rehearsal->index);
  event_text(&event, "name", act->name);
  event_flag(&event, "succeeded", result->value == 1);
  event_text(&event, "text", result->text);
  if (act->step == STEP_SLOT_PROBE) {
    event_number(&event, "number", (int32_t)result->number);
    if (mapping != NULL) event_text(&event, "object", mapping->path);
  }
  if (act->step == STEP_SLOT_CLOSE)
    event_flag(&event, "mapped", maps_has(&supervisor->now, act->slot == OLD ? job->file : job->successor));
  if (act->step == STEP_CALLER_STOP) {
    event_number(&event, "servedOld", (int64_t)result->served[OLD]);
    event_number(&event, "servedNew", (int64_t)result->served[NEW]);
    event_number(&event, "failed", (int64_t)result->failed);
    event_number(&event, "longestGap", (int64_t)result->gap);
  }
  event_send(&event);
}

/** Runs acts until one ends the process, or fails and is needed. */
static enum outcome run_acts(struct rehearsal *rehearsal, const struct act *acts, size_t count) {
  struct supervisor *supervisor = rehearsal->supervisor;
  for (size_t i = 0; i < count; i++) {
    struct message result;
    rehearsal->index++;
    begin_phase(supervisor, "swap", rehearsal->index);
    enum outcome outcome =
        run_step(supervisor, acts[i].step, acts[i].slot, (double)supervisor->job->timeouts.open, true, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    report_act(rehearsal, &acts[i], &result);
    end_phase(supervisor);
    if (result.value == 1) continue;
    rehearsal->healthy = false;
    if (acts[i].needed) break;
  }
  return OUTCOME_MESSAGE;
}

enum outcome rehearse_swap(struct supervisor *supervisor) {
  struct rehearsal rehearsal = {.supervisor = supervisor, .index = -1, .healthy = true};
  /* Opening and calling take turns here, so there is no stretch in which less is allowed; `strict` is not rehearsed. */
  supervisor->stretch = STRETCH_LOAD;
  enum outcome outcome = run_acts(&rehearsal, BEFORE, LENGTH(BEFORE));
  bool began = rehearsal.index >= 2;
  if (outcome == OUTCOME_MESSAGE && rehearsal.healthy) outcome = run_acts(&rehearsal, SWITCH, LENGTH(SWITCH));
  if (outcome == OUTCOME_MESSAGE && began) outcome = run_acts(&rehearsal, AFTER, LENGTH(AFTER));
  return outcome;
}

static void report_cycle(const struct supervisor *supervisor, uint64_t round, const struct message *result) {
  struct event event;
  struct usage usage;
  usage_read(supervisor->child.process, &usage);
  event_begin(&event, "cycle");
  event_number(&event, "round", (int64_t)round);
  event_flag(&event, "succeeded", result->value == 1);
  event_number(&event, "heap", result->number);
  event_number(&event, "resident", usage.resident);
  event_number(&event, "threads", usage.threads);
  event_number(&event, "descriptors", usage.descriptors);
  event_number(&event, "mappings", (int64_t)supervisor->now.count);
  event_text(&event, "text", result->text);
  event_send(&event);
}

enum outcome run_cycles(struct supervisor *supervisor) {
  uint64_t count = supervisor->job->cycles + WARM_UP;
  supervisor->stretch = STRETCH_LOAD;
  begin_phase(supervisor, "cycles", -1);
  for (uint64_t round = 1; round <= count; round++) {
    struct message result;
    bool seen = round == WARM_UP || round == count;
    enum outcome outcome = run_step(supervisor, STEP_CYCLE, 0, (double)supervisor->job->timeouts.open, seen, &result);
    if (outcome != OUTCOME_MESSAGE) return outcome;
    if (seen || result.value != 1) report_cycle(supervisor, round, &result);
    if (result.value != 1) break;
  }
  end_phase(supervisor);
  return OUTCOME_MESSAGE;
}
