/**
 * A system call of the plugin as the supervisor reads it: any number, any registers, and memory that they point to, of which the
 * plugin has the say (../loader/calls.h, ../loader/policy.h).
 */
#include "../loader/names.h"
#include "../loader/paths.h"
#include "../loader/policy.h"

#include "fuzz.h"

#include <string.h>
#include <unistd.h>

const char *const fuzz_words[] = {"/etc/shadow", "/proc/self/root/", "../", "/proc/self/fd/0", "/dev/null", "//", "\x02\x00\x00\x50", NULL};

/** What a call may be about: memory of this process stands for the plugin's. */
static uint8_t memory[8192];

static void check(const struct policy *policy, struct call *call) {
  const struct process_facts facts = {.process = getpid()};
  MUST(memchr(call->detail, '\0', sizeof call->detail) != NULL);
  if (call->opens) call->found = policy_finds(call, facts.process, call->file, sizeof call->file);
  for (int stretch = STRETCH_LOAD; stretch <= STRETCH_CLOSE; stretch++) {
    int error = policy_decide(policy, (enum stretch)stretch, &facts, call);
    MUST(error >= 0 && error < 4096);
    /* What strict allows once the plugin is loaded, its filter lets through; what comes here is denied. */
    if (policy->profile == PROFILE_STRICT && stretch >= STRETCH_RUN) MUST(error != 0 || call_listed("exit", call->number));
  }
}

void fuzz_one(const uint8_t *data, size_t size) {
  static const char *readable[] = {"/usr/lib", "/proc/cpuinfo"};
  struct input input = {data, size};
  struct policy policy = {.readable = readable, .readable_count = 2, .largest_mapping = UINT64_C(8) << 30};
  struct call call = {.thread = getpid()};
  uint8_t profile = 0;
  uint16_t number = 0;
  uint64_t words[6];
  fuzz_take(&input, &profile, sizeof profile);
  fuzz_take(&input, &number, sizeof number);
  fuzz_take(&input, words, sizeof words);
  policy.profile = (enum profile)(profile % 4);
  call.number = number % (HIGHEST_CALL + 64);
  for (unsigned i = 0; i < 6; i++) {
    /* Half of them point somewhere. */
    call.arguments[i] = (profile & (4u << i)) != 0 ? words[i] : (uintptr_t)memory + words[i] % sizeof memory;
  }
  memset(memory, 0, sizeof memory);
  memcpy(memory, input.data, input.size < sizeof memory ? input.size : sizeof memory);
  call.subject = call_subject(call.number);
  call.opens = call.subject == SUBJECT_OPEN_1 || call.subject == SUBJECT_OPEN_2 || call.subject == SUBJECT_OPENAT2;
  MUST(call_name(call.number) != NULL);
  call_describe(&call);
  check(&policy, &call);
}
