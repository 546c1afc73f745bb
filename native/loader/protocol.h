/**
 * What the supervisor and the child say to each other, over a SOCK_SEQPACKET pair.
 *
 * The child shares its address space and its descriptors with the plugin, so nothing that it says is proof. Therefore:
 *  - the two go in lock step, and a message that is not the next expected one, to the byte, is a violation that is reported;
 *  - after each step the child only says "returned"; the supervisor then looks for itself (observe.c) whether the main thread
 *    waits at the place and the stack depth of the loader's own loop, and only then hands out a fresh nonce, which the
 *    result must carry. Bytes that a plugin throws at all its descriptors never pass;
 *  - crashes, exits, stops, timeouts, mappings, threads and processes are not asked for but seen by the supervisor.
 * A host (host.h) keeps back what it has to tell of a step until it has the nonce.
 * What remains: code made for this very loader can take part in the protocol from a thread of its own, and so claim that a
 * symbol resolves or a probe returned 0. It could as well define that symbol and return 0.
 */
#ifndef PLUGIN_GATE_PROTOCOL_H
#define PLUGIN_GATE_PROTOCOL_H

#include <stdint.h>

#define MESSAGE_MAGIC UINT64_C(0x706c672d67617465)

/** Bytes of text that a result can carry (dlerror, the string of a probe), with its NUL. */
#define TEXT_SIZE 2048

enum step {
  STEP_START = 1, /* nothing: lets the supervisor see where the child waits while no plugin code has run */
  STEP_OPEN,      /* value: 1 opened, 0 not (text: dlerror) */
  STEP_SYMBOL,    /* value: 1 found, 0 not (text: dlerror); address */
  STEP_PROBE,     /* value: 1 called, 0 no such symbol; number or text */
  STEP_CLOSE,     /* value: 1 dlclose returned 0; number: 1 when RTLD_NOLOAD still finds it */
  /* The rehearsal of a swap (swap.h); index: 0 the previous release, 1 the new one. */
  STEP_SLOT_OPEN,
  STEP_SLOT_PROBE,   /* number; address */
  STEP_SLOT_USE,     /* the caller calls this one from now on */
  STEP_SLOT_CLOSE,
  STEP_CALLER_START,
  STEP_CALLER_STOP,  /* served, failed, gap */
  STEP_CYCLE,  /* dlopen and dlclose; value: 1 when both worked; number: bytes of heap in use, -1 where unknown */
  STEP_EXIT,      /* no answer: the process ends by exit(0), which runs the destructors that dlclose left */
  /* Of a host that loads the plugin in place of the loader's own code (host.h, native/gohost/channel.go). */
  STEP_LIST = 14, /* the symbols that it has */
  STEP_ACT,       /* the next act of a rehearsal; value: 1 when there are more */
};

/** Supervisor to child. */
struct command {
  uint64_t magic;
  uint64_t nonce; /* 0 for "begin", else the nonce for the result of the step that has just returned */
  uint32_t step;
  uint32_t index; /* which symbol, which probe */
};

enum kind {
  KIND_RETURNED = 1,
  KIND_RESULT,
  KIND_CRASH, /* from the signal handler: number is the signal, address the fault, counter and stack the registers */
  KIND_TOLD,  /* from a host, with the nonce: a piece of a line about this step; value: 1 for the last of the line */
};

/** Child to supervisor. */
struct message {
  uint64_t magic;
  uint64_t nonce;
  uint32_t kind;
  uint32_t step;
  uint32_t index;
  uint32_t value;
  int64_t number;
  uint64_t address;
  uint64_t counter;
  uint64_t stack;
  uint64_t served[2]; /* of a rehearsal: calls of each slot that came back as expected */
  uint64_t failed;
  uint64_t gap; /* nanoseconds, the longest between two answers */
  char text[TEXT_SIZE];
};

#endif
