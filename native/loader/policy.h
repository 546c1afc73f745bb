/**
 * What the plugin's process may ask of the kernel: by profile, by phase, and by what the configuration allows besides.
 *
 *   audit   everything but what leaves the machine (sockets other than local ones) or would go around the record
 *   c       default deny; memory, clocks, signals of its own, threads, and reading what it was given to read
 *   go      as c, and what the Go runtime needs besides
 *   strict  as c until the plugin is loaded; from then on only read and write on the descriptors it was given,
 *           clock_gettime and exit_group. With a host's runtime (host.h): as go, and then besides what that runtime asks for
 *           its memory, threads and timers
 */
#ifndef PLUGIN_GATE_POLICY_H
#define PLUGIN_GATE_POLICY_H

#include "calls.h"

#include <stdbool.h>
#include <stddef.h>

enum profile { PROFILE_AUDIT, PROFILE_C, PROFILE_GO, PROFILE_STRICT };

/** Only moves forward, and only the supervisor moves it: no memory of the plugin's process takes part. */
enum stretch {
  STRETCH_START, /* the loader's own code prepares; no plugin code is in the process */
  STRETCH_LOAD,  /* dlopen: relocation, constructors */
  STRETCH_RUN,   /* symbols and probes */
  STRETCH_CLOSE, /* dlclose, exit */
};

#define CONDITION_LIMIT 6

/** A call that the configuration allows, with the values that its arguments must have. */
struct permission {
  int number;
  size_t count;
  struct {
    unsigned argument;
    uint64_t value;
  } conditions[CONDITION_LIMIT];
};

struct policy {
  enum profile profile;
  uint64_t largest_mapping; /* bytes; 0: no limit */
  bool kill; /* the first denied call ends the process */
  const char **readable;
  size_t readable_count;
  const char **writable;
  size_t writable_count;
  const char **executable; /* before any plugin code only: this layer knows no other time */
  size_t executable_count;
  const char *trail; /* written by the audit library, which opens it before any plugin code; NULL: none */
  bool runtime;      /* a host with a runtime of its own runs the plugin */
  struct permission *permissions;
  size_t permission_count;
};

/** What a decision needs to know of the process. */
struct process_facts {
  pid_t process; /* in the supervisor's numbering */
  bool crashed;  /* the loader's own crash handler is at work */
};

bool profile_parse(const char *name, enum profile *profile);
const char *profile_name(enum profile profile);

/** Parses `NAME [ARGUMENT=VALUE]...`; a name that this architecture does not have gives a permission that never applies. */
bool permission_parse(char *text, struct permission *permission);

/** Whether the configuration names a call as allowed, on whatever conditions. Names are divided by blanks. */
bool policy_mentions(const struct policy *policy, const char *names);

/** Makes the paths real ones, so that they can be compared; what does not exist is dropped. Once, before the child. */
void policy_prepare(struct policy *policy);

/** Whether the filter itself lets a call through, in every phase and with all arguments. */
bool policy_is_free(const struct policy *policy, int number);

/** 0 when the call may run, or the error number that it gets instead. */
int policy_decide(const struct policy *policy, enum stretch stretch, const struct process_facts *facts, const struct call *call);

/** Whether the file that a call is about is there; `file` gets its real path, cut to `size`, or nothing. */
bool policy_finds(const struct call *call, pid_t process, char *file, size_t size);

/** Whether a signal goes to the process that sends it. */
bool policy_is_own_signal(const struct call *call);

/** Whether an allowed call is worth a line in the record. */
bool policy_is_noted(int number);

#endif
