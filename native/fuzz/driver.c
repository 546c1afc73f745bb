/**
 * A small fuzzer that every C compiler can build: inputs that reach new edges are kept and mutated further, as libFuzzer and AFL
 * do. It makes the same inputs in every run, so that a failure in CI is one here too.
 *
 *   fuzz-TARGET RUNS [SEED...]      tries that many inputs; seeds are files
 *   fuzz-TARGET - FILE              runs one input
 *
 * What is fuzzed is compiled with -fsanitize=address,undefined -fsanitize-coverage=trace-pc; this file without the latter.
 * The last input is in fuzz-input when the process ends by a fault.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define INPUT_LIMIT 16384
#define CORPUS_LIMIT 4096
#define SEED_LIMIT 16
#define EDGES 65536

/** Longer than any input may take, sanitizers included; seconds. */
#define PATIENCE 60

struct bytes {
  uint8_t *data;
  size_t size;
};

static struct bytes corpus[CORPUS_LIMIT];
static size_t corpus_size;
static size_t seeds[SEED_LIMIT], seed_count;
static uint8_t reached[EDGES], seen[EDGES];
static uintptr_t previous;
static uint64_t state = 0x9e3779b97f4a7c15;
static uint8_t *current;

/** Called by the compiler at every edge. Addresses are taken relative to this function: where the program lies is chance. */
void __sanitizer_cov_trace_pc(void);
__attribute__((no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc(void) {
  uintptr_t here = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&__sanitizer_cov_trace_pc;
  uint8_t *count = &reached[(here ^ previous >> 1) % EDGES];
  if (*count < 255) ++*count;
  previous = here;
}

/** Marsaglia's xorshift64. */
static uint64_t next_random(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return below == 0 ? 0 : state % below;
}

_Noreturn void fuzz_fail(const char *condition, const char *file, int line) {
  fprintf(stderr, "%s:%d: does not hold: %s (the input is in fuzz-input)\n", file, line, condition);
  abort();
}

int fuzz_file(const uint8_t *data, size_t size) {
  int file = memfd_create("input", MFD_CLOEXEC);
  if (file < 0 || write(file, data, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0) {
    perror("memfd_create");
    exit(2);
  }
  return file;
}

void fuzz_take(struct input *input, void *value, size_t size) {
  size_t count = size < input->size ? size : input->size;
  memset(value, 0, size);
  memcpy(value, input->data, count);
  input->data += count;
  input->size -= count;
}

/** How often an edge was reached counts in powers of two. */
static uint8_t bucket(uint8_t count) {
  uint8_t bit = 1;
  while (count > 1) {
    count = (uint8_t)(count >> 1);
    bit = (uint8_t)(bit << 1);
  }
  return bit;
}

static bool is_new(void) {
  bool found = false;
  for (size_t i = 0; i < EDGES; i++) {
    if (reached[i] == 0) continue;
    uint8_t bit = bucket(reached[i]);
    found = found || (seen[i] & bit) == 0;
    seen[i] |= bit;
  }
  return found;
}

static void keep(const uint8_t *data, size_t size) {
  if (corpus_size == CORPUS_LIMIT) return;
  uint8_t *copy = malloc(size + 1);
  if (copy == NULL) abort();
  memcpy(copy, data, size);
  corpus[corpus_size++] = (struct bytes){copy, size};
}

/** Runs an input from a block of exactly its size, so that a read beyond its end is seen. */
static void run(const uint8_t *data, size_t size) {
  uint8_t *exact = malloc(size == 0 ? 1 : size);
  if (exact == NULL) abort();
  memcpy(exact, data, size);
  memcpy(current + sizeof size, data, size);
  memcpy(current, &size, sizeof size);
  memset(reached, 0, sizeof reached);
  previous = 0;
  alarm(PATIENCE);
  fuzz_one(exact, size);
  alarm(0);
  if (is_new()) keep(data, size);
  free(exact);
}

static size_t insert(uint8_t *data, size_t size, size_t place, const void *bytes, size_t count) {
  if (size + count > INPUT_LIMIT) return size;
  memmove(data + place + count, data + place, size - place);
  memcpy(data + place, bytes, count);
  return size + count;
}

static const char *random_word(void) {
  size_t count = 0;
  while (fuzz_words[count] != NULL) count++;
  return count == 0 ? "" : fuzz_words[next_random(count)];
}

/** A place where a word or a line begins or ends, more often than chance would have it. */
static size_t random_place(const uint8_t *data, size_t size) {
  size_t place = next_random(size + 1);
  if (next_random(2) == 0) return place;
  while (place < size && data[place] != ' ' && data[place] != '\n') place++;
  return place;
}

static size_t mutate(uint8_t *data, size_t size) {
  static const uint64_t NUMBERS[] = {0, 1, 127, 128, 255, 256, 4095, 4096, 65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
  size_t place = next_random(size + 1), length = next_random(size - place + 1);
  uint8_t byte = (uint8_t)next_random(256);
  switch (next_random(8)) {
    case 0:
      if (size > 0) data[next_random(size)] ^= (uint8_t)(1u << next_random(8));
      return size;
    case 1:
      if (size > 0) data[next_random(size)] = byte;
      return size;
    case 2:
      return insert(data, size, place, &byte, 1);
    case 3:
      length = length > 64 ? length % 64 : length;
      memmove(data + place, data + place + length, size - place - length);
      return size - length;
    case 4: {
      uint64_t number = NUMBERS[next_random(sizeof NUMBERS / sizeof *NUMBERS)];
      size_t width = (size_t)1 << next_random(4);
      if (size >= width) memcpy(data + next_random(size - width + 1), &number, width);
      return size;
    }
    case 5: {
      const char *word = random_word();
      return insert(data, size, random_place(data, size), word, strlen(word));
    }
    case 6: {
      const struct bytes *other = &corpus[next_random(corpus_size)];
      size_t from = next_random(other->size + 1), count = next_random(other->size - from + 1);
      return insert(data, size, place, other->data + from, count);
    }
    default:
      if (size - place < length || size + length > INPUT_LIMIT) return size;
      /* The part is in the way of itself: by way of a copy. */
      uint8_t *part = malloc(length + 1);
      if (part == NULL) abort();
      memcpy(part, data + place, length);
      size = insert(data, size, place, part, length);
      free(part);
      return size;
  }
}

static struct bytes read_input(const char *path) {
  static uint8_t data[INPUT_LIMIT];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = file < 0 ? -1 : read(file, data, sizeof data);
  if (size < 0) {
    perror(path);
    exit(2);
  }
  close(file);
  return (struct bytes){data, (size_t)size};
}

/** What was running when the process ended stays in a file. */
static void map_current(void) {
  size_t room = sizeof(size_t) + INPUT_LIMIT;
  int file = open("fuzz-input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, (off_t)room) != 0) {
    perror("fuzz-input");
    exit(2);
  }
  current = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (current == MAP_FAILED) abort();
  close(file);
}

int main(int count, char **arguments) {
  static uint8_t data[INPUT_LIMIT];
  if (count < 2) {
    fprintf(stderr, "usage: %s RUNS [SEED...], or %s - FILE\n", arguments[0], arguments[0]);
    return 2;
  }
  map_current();
  keep((const uint8_t *)"", 0);
  for (int i = 2; i < count && seed_count < SEED_LIMIT; i++) {
    struct bytes seed = read_input(arguments[i]);
    run(seed.data, seed.size);
    seeds[seed_count++] = corpus_size;
    keep(seed.data, seed.size);
  }
  if (seed_count == 0) seed_count = 1;
  long runs = strtol(arguments[1], NULL, 10);
  for (long i = 0; i < runs; i++) {
    /* Seeds are the inputs that are whole: much of what is kept is not. */
    size_t choice = next_random(3) == 0 ? seeds[next_random(seed_count)] : next_random(corpus_size);
    const struct bytes *from = &corpus[choice];
    size_t size = from->size;
    memcpy(data, from->data, size);
    for (uint64_t times = 1 + next_random(5); times > 0; times--) size = mutate(data, size);
    run(data, size);
  }
  size_t edges = 0;
  for (size_t i = 0; i < EDGES; i++) edges += seen[i] != 0;
  printf("{\"runs\": %ld, \"kept\": %zu, \"edges\": %zu}\n", runs, corpus_size, edges);
  return 0;
}
