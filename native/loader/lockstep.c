#include "lockstep.h"

#include "witness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Milliseconds that starting the child, which runs no plugin code, may take on a loaded machine. */
#define START_TIMEOUT 30000

/** Milliseconds that the result may take after "returned": the child only has to answer. */
#define ANSWER_TIMEOUT 5000

/** Milliseconds in which the child is expected to wait for its first command. */
#define POSITION_TIMEOUT 250

uint64_t fresh_nonce(void) {
  uint64_t nonce = 0;
#ifdef SYS_getrandom
  if (syscall(SYS_getrandom, &nonce, sizeof nonce, 0) == (long)sizeof nonce && nonce != 0) return nonce;
#endif
  int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (source < 0 || read(source, &nonce, sizeof nonce) != (ssize_t)sizeof nonce) abort();
  close(source);
  return nonce | 1;
}

enum outcome run_step(struct supervisor *supervisor, enum step step, uint32_t index, double timeout, bool observed,
                      struct message *result) {
  struct child *child = &supervisor->child;
  struct message expected = {.kind = KIND_RETURNED, .step = (uint32_t)step, .index = index};
  child_command(child, step, index, 0);
  enum outcome outcome = child_wait(child, &expected, result, report_now() + timeout);
  if (outcome != OUTCOME_MESSAGE) return outcome;
  supervisor->moved = child->hosted && result->value == 1;
  if (observed) observe(supervisor);
  expected.kind = KIND_RESULT;
  expected.nonce = fresh_nonce();
  child_command(child, step, index, expected.nonce);
  return child_wait(child, &expected, result, report_now() + ANSWER_TIMEOUT);
}

enum outcome run_start(struct supervisor *supervisor) {
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
  given_read(child->process, &supervisor->given);
  observe(supervisor);
  expected.kind = KIND_RESULT;
  expected.nonce = fresh_nonce();
  child_command(child, STEP_START, 0, expected.nonce);
  outcome = child_wait(child, &expected, &result, report_now() + ANSWER_TIMEOUT);
  if (outcome == OUTCOME_MESSAGE) end_phase(supervisor);
  return outcome;
}
