#include "swap.h"

#include "text.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/** Calls that a slot must serve before the rehearsal goes on. */
#define CALLS_NEEDED 50

/** Nanoseconds between two calls of the caller, and between two looks at how many there were. */
#define PAUSE 100000

/** Looks until waiting for calls is given up: about five seconds. */
#define MOST_LOOKS 20000

struct slot {
  void *handle;
  void *probe;
};

static struct slot slots[2];
static pthread_t caller;
static const struct job *rehearsed;
static atomic_uint in_use;      /* the slot that is called */
static atomic_bool stopped;     /* the caller is to end */
static atomic_ulong served[2];  /* calls that came back as expected */
static atomic_ulong failed;     /* calls that did not */
static atomic_ulong longest;    /* nanoseconds between two answers */

static unsigned long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned long)time.tv_sec * 1000000000ul + (unsigned long)time.tv_nsec;
}

static void wait_a_moment(void) {
  const struct timespec moment = {.tv_nsec = PAUSE};
  nanosleep(&moment, NULL);
}

/** Calls a probe; true when it returned what the job expects, or, without such a word, 0 or any text. */
static bool call(const struct job *job, void *address, int64_t *number) {
  const struct probe *probe = &job->probes[0];
  switch (probe->signature) {
    case SIGNATURE_INT: {
      int (*function)(void);
      memcpy(&function, &address, sizeof function);
      *number = function();
      return *number == job->expected;
    }
    case SIGNATURE_VOID: {
      void (*function)(void);
      memcpy(&function, &address, sizeof function);
      function();
      return true;
    }
    case SIGNATURE_STRING: {
      const char *(*function)(void);
      memcpy(&function, &address, sizeof function);
      return function() != NULL;
    }
  }
  return false;
}

/** What a host's traffic is: calls, one after the other, to whichever slot is in use. */
static void *run_caller(void *nothing) {
  unsigned long last = now();
  while (!stopped) {
    unsigned slot = in_use;
    int64_t number = 0;
    if (call(rehearsed, slots[slot].probe, &number)) served[slot]++;
    else failed++;
    unsigned long time = now();
    if (time - last > longest) longest = time - last;
    last = time;
    wait_a_moment();
  }
  return nothing;
}

/** Makes a slot the one in use and waits until it has served: then no call is left in the other. */
static void use_slot(unsigned slot, struct message *result) {
  unsigned long before = served[slot] + failed;
  in_use = slot;
  for (int i = 0; i < MOST_LOOKS && served[slot] + failed - before < CALLS_NEEDED; i++) wait_a_moment();
  result->value = served[slot] + failed - before >= CALLS_NEEDED;
  if (result->value == 0) message_text(result, "the caller got no answers");
}

static void open_slot(const struct job *job, unsigned index, struct message *result) {
  struct slot *slot = &slots[index];
  slot->handle = dlopen(index == 0 ? job->file : job->successor, RTLD_NOW | RTLD_LOCAL);
  if (slot->handle != NULL) slot->probe = dlsym(slot->handle, job->probes[0].name);
  result->value = slot->handle != NULL && slot->probe != NULL;
  if (result->value == 0) message_text(result, dlerror());
}

static void probe_slot(const struct job *job, unsigned index, struct message *result) {
  if (slots[index].probe == NULL) return;
  result->address = (uint64_t)(uintptr_t)slots[index].probe;
  result->value = call(job, slots[index].probe, &result->number);
}

/** A slot that could not be opened has nothing to close. */
static void close_slot(unsigned index, struct message *result) {
  struct slot *slot = &slots[index];
  result->value = slot->handle == NULL || dlclose(slot->handle) == 0;
  if (result->value == 0) message_text(result, dlerror());
  *slot = (struct slot){0};
}

/**
 * A function of the C library's thread library. Not linked: before glibc 2.34 that is a library of its own, and a plugin that
 * forgot to name it would find it here.
 */
static void *thread_function(const char *name) {
  void *address = dlsym(RTLD_DEFAULT, name);
  if (address != NULL) return address;
  void *library = dlopen("libpthread.so.0", RTLD_NOW | RTLD_LOCAL);
  return library == NULL ? NULL : dlsym(library, name);
}

static bool start_caller(void) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  void *address = thread_function("pthread_create");
  memcpy(&create, &address, sizeof create);
  return address != NULL && create(&caller, NULL, run_caller, NULL) == 0;
}

static bool join_caller(void) {
  int (*join)(pthread_t, void **);
  void *address = thread_function("pthread_join");
  memcpy(&join, &address, sizeof join);
  return address != NULL && join(caller, NULL) == 0;
}

void swap_step(const struct job *job, const struct command *command, struct message *result) {
  switch ((enum step)command->step) {
    case STEP_SLOT_OPEN:
      open_slot(job, command->index, result);
      return;
    case STEP_SLOT_PROBE:
      probe_slot(job, command->index, result);
      return;
    case STEP_SLOT_USE:
      use_slot(command->index, result);
      return;
    case STEP_SLOT_CLOSE:
      close_slot(command->index, result);
      return;
    case STEP_CALLER_START:
      rehearsed = job;
      in_use = 0;
      result->value = start_caller();
      return;
    case STEP_CALLER_STOP:
      stopped = true;
      result->value = join_caller();
      result->served[0] = served[0];
      result->served[1] = served[1];
      result->failed = failed;
      result->gap = longest;
      return;
    default:
      return;
  }
}
