/** A target of the fuzzer: one input of the loader that someone else writes. */
#ifndef PLUGIN_GATE_FUZZ_H
#define PLUGIN_GATE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** Runs the target on an input. It must come back; what it must keep is asserted with MUST(). */
void fuzz_one(const uint8_t *data, size_t size);

/** A word that inputs are likely to hold, NULL at the end: mutations put them in. */
extern const char *const fuzz_words[];

/** Ends the process, with the input in a file, when something that must hold does not. */
#define MUST(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/** A file in memory with these bytes, read from its beginning. */
int fuzz_file(const uint8_t *data, size_t size);

/** Takes bytes from the front of an input; zeros when there are not so many. */
struct input {
  const uint8_t *data;
  size_t size;
};
void fuzz_take(struct input *input, void *value, size_t size);

#endif
