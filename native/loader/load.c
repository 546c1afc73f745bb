#include "load.h"

#include "confine.h"
#include "protocol.h"
#include "swap.h"
#include "text.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void message_text(struct message *result, const char *text) {
  if (text == NULL) return;
  size_t length = strnlen(text, TEXT_SIZE - 1);
  memcpy(result->text, text, length);
  result->text[length] = '\0';
}

/** dlsym may find a symbol whose value is NULL; only dlerror tells that from "not found". */
static bool look_up(void *handle, const char *name, void **address, struct message *result) {
  dlerror();
  *address = dlsym(handle, name);
  const char *error = dlerror();
  message_text(result, error);
  result->address = (uint64_t)(uintptr_t)*address;
  return error == NULL;
}

static void call_probe(void *handle, const struct probe *probe, struct message *result) {
  void *address;
  if (!look_up(handle, probe->name, &address, result) || address == NULL) return;
  /* ISO C has no conversion from an object pointer to a function pointer; POSIX demands that the copy works. */
  switch (probe->signature) {
    case SIGNATURE_INT: {
      int (*function)(void);
      memcpy(&function, &address, sizeof function);
      result->number = function();
      break;
    }
    case SIGNATURE_VOID: {
      void (*function)(void);
      memcpy(&function, &address, sizeof function);
      function();
      break;
    }
    case SIGNATURE_STRING: {
      const char *(*function)(void);
      memcpy(&function, &address, sizeof function);
      const char *text = function();
      result->number = text != NULL;
      message_text(result, text);
      break;
    }
  }
  result->value = 1;
}

/** RTLD_NOLOAD takes a reference when it finds the object; it is given back. */
static void close_plugin(void *handle, const char *file, struct message *result) {
  result->value = dlclose(handle) == 0;
  if (result->value == 0) message_text(result, dlerror());
  void *still = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
  result->number = still != NULL;
  if (still != NULL) dlclose(still);
}

/** mallinfo2 is younger than the oldest glibc that this runs on, mallinfo counts in int, and musl has neither. */
static int64_t heap_in_use(void) {
#ifdef __GLIBC__
  struct sizes {
    size_t fields[10];
  } (*exact)(void);
  void *address = dlsym(RTLD_DEFAULT, "mallinfo2");
  memcpy(&exact, &address, sizeof exact);
  /* uordblks and hblkhd: allocated in the heap, and mapped. */
  if (address != NULL) {
    struct sizes sizes = exact();
    return (int64_t)(sizes.fields[7] + sizes.fields[4]);
  }
  struct counts {
    int fields[10];
  } (*old)(void);
  address = dlsym(RTLD_DEFAULT, "mallinfo");
  memcpy(&old, &address, sizeof old);
  if (address != NULL) {
    struct counts counts = old();
    return (int64_t)(unsigned)counts.fields[7] + (int64_t)(unsigned)counts.fields[4];
  }
#endif
  return -1;
}

static void cycle(const char *file, struct message *result) {
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) message_text(result, dlerror());
  else result->value = dlclose(handle) == 0;
  result->number = heap_in_use();
}

static void run_step(const struct job *job, const struct command *command, void **handle, struct message *result) {
  switch ((enum step)command->step) {
    case STEP_START:
      result->value = 1;
      return;
    case STEP_OPEN:
      *handle = dlopen(job->file, RTLD_NOW | RTLD_LOCAL);
      result->value = *handle != NULL;
      if (*handle == NULL) message_text(result, dlerror());
      return;
    case STEP_SYMBOL: {
      void *address;
      result->value = look_up(*handle, job->symbols[command->index], &address, result);
      return;
    }
    case STEP_PROBE:
      call_probe(*handle, &job->probes[command->index], result);
      return;
    case STEP_CLOSE:
      close_plugin(*handle, job->file, result);
      *handle = NULL;
      return;
    case STEP_CYCLE:
      cycle(job->file, result);
      return;
    case STEP_SLOT_OPEN:
    case STEP_SLOT_PROBE:
    case STEP_SLOT_USE:
    case STEP_SLOT_CLOSE:
    case STEP_CALLER_START:
    case STEP_CALLER_STOP:
      swap_step(job, command, result);
      return;
    case STEP_LIST:
    case STEP_ACT:
      return; /* Of a host. */
    case STEP_EXIT:
      /* The last thing that `strict` allows. */
      if (job->policy.profile == PROFILE_STRICT) syscall(SYS_exit_group, 0);
      exit(0);
  }
}

/**
 * Not inlined: the supervisor compares the stack pointer of the waiting thread with that of the first wait, so every wait
 * must come from the same frame. By syscall(), because the C library's read() takes another way once there are threads.
 */
static __attribute__((noinline)) void receive(int control, struct command *command) {
  ssize_t got;
  do {
    got = syscall(SYS_read, control, command, sizeof *command);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) _exit(CHILD_UNBLOCKED);
  if (got != (ssize_t)sizeof *command || command->magic != MESSAGE_MAGIC) _exit(CHILD_LOST_CONTROL);
}

static void say(int control, const struct message *message) {
  ssize_t sent;
  do {
    sent = syscall(SYS_write, control, message, sizeof *message);
  } while (sent < 0 && errno == EINTR);
  if (sent != (ssize_t)sizeof *message) _exit(CHILD_LOST_CONTROL);
}

_Noreturn void load_run(const struct job *job, int control) {
  static struct message result, returned;
  struct command begin, nonce;
  void *handle = NULL;
  for (;;) {
    receive(control, &begin);
    memset(&result, 0, sizeof result);
    run_step(job, &begin, &handle, &result);
    memset(&returned, 0, sizeof returned);
    returned.magic = result.magic = MESSAGE_MAGIC;
    returned.step = result.step = begin.step;
    returned.index = result.index = begin.index;
    returned.kind = KIND_RETURNED;
    result.kind = KIND_RESULT;
    say(control, &returned);
    receive(control, &nonce);
    result.nonce = nonce.nonce;
    say(control, &result);
  }
}
