/** The supervisor's end of the child: its process, its channel, its output, and waiting for it. */
#ifndef PLUGIN_GATE_CHILD_H
#define PLUGIN_GATE_CHILD_H

#include "capture.h"
#include "confine.h"
#include "job.h"
#include "protocol.h"
#include "sandbox.h"

#include <stdbool.h>

/** What ended the wait for a message. */
enum outcome {
  OUTCOME_MESSAGE,   /* the expected message came */
  OUTCOME_ENDED,     /* the process ended: see `status` */
  OUTCOME_STOPPED,   /* the process was stopped by a signal: see `status` */
  OUTCOME_TIMEOUT,   /* the deadline passed */
  OUTCOME_INTERFERED, /* it wrote what no part of the protocol is, or closed the channel */
  OUTCOME_CANCELLED, /* the driver went away or asked to stop */
  OUTCOME_DENIED,    /* a denied system call, where such a call ends the process */
};

/** What is told while waiting; the process still has its memory then. */
struct watcher {
  void (*crash)(void *context);                          /* the child's `crash` is set */
  int (*call)(void *context, struct call *call);         /* a system call waits: 0, or the error it gets */
  void (*told)(void *context, const struct message *message); /* a host told a piece of a line, with the nonce of this step */
  void *context;
};

struct child {
  pid_t process;
  struct watcher watcher;
  struct barrier barrier; /* its listener is -1 when calls are not restricted, or no longer */
  bool denied;            /* a denied call is to end the process */
  int control;
  int release;
  struct capture output[2]; /* stdout, stderr */
  bool hosted;              /* a host runs in it, not the loader's own code */
  bool waited;              /* the process has ended and its status was taken */
  int status;               /* as waitpid gives it */
  bool channel_closed;
  unsigned violations;   /* messages that are no part of the protocol */
  bool crashed;          /* `crash` holds what the signal handler said */
  struct message crash;
};

/** Blocks the signals that wait_message() unblocks, and handles them. Once, before the first child. */
void child_prepare_signals(void);

/** Forks the child. In the child this does not return. False when the machine has no processes or descriptors left. */
bool child_start(struct child *child, const struct job *job, const struct isolation *isolation,
                 const struct watcher *watcher);

/** Sends a command; a nonce of 0 begins the step. A child that is gone shows in the next wait. */
void child_command(struct child *child, enum step step, uint32_t index, uint64_t nonce);

/** Waits for one message of a kind, step, index and nonce until `deadline` (milliseconds as report_now() counts). */
enum outcome child_wait(struct child *child, const struct message *expected, struct message *message, double deadline);

/** Kills the child and its process group, takes its status, and reads the rest of its output. */
void child_end(struct child *child);

#endif
